/* check_migrated - the check migrated=TOOL[:TABLE][=REV,... or @DIR]. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "check/kinds.h"
#include "migrated/migrated.h"

/* Reads [SCHEMA.]TABLE; NULL: what the tool calls it. */
static bool read_table(struct migration *m, const char *text)
{
	struct comparison c = { .name = xstrdup(m->tool->table) };
	bool ok = true;

	if (text) {
		comparison_free(&c);
		ok = comparison_read(&c, text, OPERAND_TABLE) && c.sign == SIGN_NONE;
	}
	m->schema = c.schema;
	m->table = c.name;
	free(c.bound);
	if (!m->schema && m->tool->schema)
		m->schema = xstrdup(m->tool->schema);
	return ok;
}

/* What alembic itself would look up in the files is no revision, nor is what begins with
 * another operator's second half. */
static bool are_revisions(const struct strs *revisions)
{
	for (size_t i = 0; i < revisions->n; i++)
		if (strpbrk(revisions->v[i], "<>=!"))
			return false;
	return revisions->n && !strs_has(revisions, "head") && !strs_has(revisions, "heads") &&
	       !strs_has(revisions, "base");
}

bool migrated_read(struct migration *m, const char *text)
{
	size_t len = strcspn(text, ":=@");
	char *table = NULL;
	bool ok;

	*m = (struct migration){ .tool = migrated_tool(text, len) };
	if (!m->tool)
		return false;
	text += len;
	if (*text == ':') {
		len = strcspn(++text, "=@");
		table = xstrndup(text, len);
		text += len;
	}
	ok = read_table(m, table);
	free(table);
	if (*text == '=')
		strs_split(&m->revisions, text + 1, ", \t");
	if (*text == '@')
		m->dir = xstrdup(text + 1);
	return ok && (*text != '=' || are_revisions(&m->revisions)) && (!m->dir || *m->dir);
}

bool migrated_valid(const char *arg)
{
	struct migration m;
	bool valid = migrated_read(&m, arg);

	migration_free(&m);
	return valid;
}

void check_migrated(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct migration m;

	if (migrated_read(&m, check->arg))
		migrated_ask(&m, db, deadline, f);
	else
		finding_set(f, UNKNOWN, "'%s' is not written as migrated= is", check->arg);
	migration_free(&m);
}
