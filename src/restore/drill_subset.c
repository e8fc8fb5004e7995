/* drill_subset - what a restore as a test leaves out. */
#include "restore/drill_subset.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "dump/lex.h"
#include "dump/roles.h"
#include "restore/privileged.h"

static const char *const statements[] = {
	"GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES ", "SECURITY LABEL ", "SET default_tablespace = ",
	"CREATE SUBSCRIPTION ", "ALTER SUBSCRIPTION ", "COMMENT ON SUBSCRIPTION ",
	"CREATE PUBLICATION ", "ALTER PUBLICATION ", "COMMENT ON PUBLICATION ",
	"CREATE EVENT TRIGGER ", "ALTER EVENT TRIGGER ", "COMMENT ON EVENT TRIGGER ",
	"CREATE USER MAPPING ", "COMMENT ON EXTENSION ", NULL
};

void drill_subset_entries(struct strs *lines, struct strs *left_out)
{
	struct strs kept = { 0 };

	for (size_t i = 0; i < lines->n; i++)
		strs_add(privileged_is_leaf(lines->v[i]) ? left_out : &kept, lines->v[i]);
	strs_free(lines);
	*lines = kept;
}

/* ALTER ... OWNER TO role. */
static bool gives_away(const char *statement)
{
	struct strs roles = { 0 };
	bool gives;

	if (!skip_prefix(statement, "ALTER "))
		return false;
	roles_named(statement, strlen(statement), &roles);
	gives = roles.n > 0;
	strs_free(&roles);
	return gives;
}

static bool makes_one_of(const struct strs *schemas, const char *statement)
{
	const char *at = skip_prefix(statement, "CREATE SCHEMA ");
	size_t len;
	char *name;
	bool is;

	if (!at)
		return false;
	name = lex_name(at, &len);
	is = strs_has(schemas, name);
	free(name);
	return is;
}

char *drill_subset_statement(const char *statement, const struct strs *schemas)
{
	const char *at = statement + strspn(statement, " \t\r\n");

	for (size_t i = 0; statements[i]; i++)
		if (skip_prefix(at, statements[i]))
			return xstrdup("");
	return gives_away(at) || makes_one_of(schemas, at) ? xstrdup("") : NULL;
}
