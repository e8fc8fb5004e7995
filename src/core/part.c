/* part - the entries of an archive that make up some of its tables. */
#include "core/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* An entry, and what it needs. */
struct entry {
	const char *line; /* `id; table oid TYPE schema name owner` */
	const char *needs; /* ids with blanks before them, or "" */
	bool chosen, left;
};

struct entries {
	struct strs lines; /* what the entries point into */
	struct entry *v;
	size_t n;
};

static bool is_one_of(const struct entry *e, const char *const *types)
{
	for (; *types; types++)
		if (toc_is(e->line, *types))
			return true;
	return false;
}

/* Those that are part of a table, or of its parts (pg_dump.c). */
static const char *const parts[] = {
	"SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "TABLE DATA", "MATERIALIZED VIEW DATA", "DEFAULT",
	"CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "TABLE ATTACH", "INDEX ATTACH", "TRIGGER",
	"RULE", "POLICY", "ROW SECURITY", "STATISTICS", "STATISTICS DATA", "ACL", "COMMENT", "SECURITY LABEL",
	NULL
};

/* --- reading --- */

static void read_entries(struct entries *list, const char *text)
{
	strs_split(&list->lines, text, NULL);
	list->v = xcalloc(list->lines.n + 1, sizeof(*list->v));
	for (size_t i = 0; i < list->lines.n; i++) {
		const char *line = list->lines.v[i];
		const char *needs = skip_prefix(line, ";\tdepends on:");

		if (needs && list->n)
			list->v[list->n - 1].needs = needs;
		else if (*line != ';')
			list->v[list->n++] = (struct entry){ .line = line, .needs = "" };
	}
}

static struct entry *find(const struct entries *list, long id)
{
	for (size_t i = 0; i < list->n; i++)
		if (atol(list->v[i].line) == id)
			return &list->v[i];
	return NULL;
}

/* The next of the ids, or NULL. */
static struct entry *next_need(const struct entries *list, const char **at)
{
	char *end;
	long id = strtol(*at, &end, 10);

	if (end == *at)
		return NULL;
	*at = end;
	return find(list, id);
}

/* --- choosing --- */

static bool is_named(const struct entry *e, const struct strs *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (toc_is_relation(e->line, names->v[i]))
			return true;
	return false;
}

/* A foreign key is its own table's: `schema table name owner`; what attaches needs both. */
static bool belongs(const struct entry *e, const struct entry *to, const struct entries *list)
{
	static const char *const attach[] = { "TABLE ATTACH", "INDEX ATTACH", NULL };
	const char *key = toc_is(e->line, "FK CONSTRAINT"), *table = toc_is(to->line, "TABLE");
	const char *at = e->needs, *last;

	if (key)
		return table && strncmp(key, table, (size_t)((last = strrchr(table, ' ')) ? last + 1 - table : 0)) == 0;
	if (!is_one_of(e, attach))
		return true;
	for (struct entry *need; (need = next_need(list, &at));)
		if (!need->chosen)
			return false;
	return true;
}

/* What it needs is chosen too. */
static bool can_stand(const struct entry *e, const struct entries *list)
{
	const char *at = e->needs;

	for (struct entry *need; (need = next_need(list, &at));)
		if (!need->chosen)
			return false;
	return true;
}

/* In a new database there are neither the schema nor the types that a table is made with. */
static void choose_grounds(struct entries *list, const struct entry *e)
{
	static const char *const grounds[] = { "SCHEMA", "EXTENSION", "TYPE", "DOMAIN", "COLLATION", "SHELL TYPE",
		                               NULL };
	const char *at = e->needs;

	for (struct entry *need; (need = next_need(list, &at));)
		if (!need->chosen && is_one_of(need, grounds)) {
			need->chosen = true;
			choose_grounds(list, need);
		}
}

/* Whether another one has been chosen. */
static bool choose_more(struct entries *list, bool fresh)
{
	bool more = false;

	for (size_t i = 0; i < list->n; i++) {
		struct entry *e = &list->v[i];
		const char *at = e->needs;

		if (e->chosen || !is_one_of(e, parts))
			continue;
		for (struct entry *need; (need = next_need(list, &at)) && !e->chosen;)
			if (need->chosen && belongs(e, need, list)) {
				e->left = fresh && !can_stand(e, list);
				e->chosen = !e->left;
			}
		more = more || e->chosen;
	}
	return more;
}

int part_choose(const char *path, const struct strs *names, bool fresh, struct strs *lines,
                struct strs *left_out, struct buf *error)
{
	struct buf text = BUF_INIT;
	struct entries list = { 0 };
	int rc = toc_ask(path, "--list", "--verbose", NULL, &text, error);

	if (!rc)
		read_entries(&list, text.data);
	for (size_t i = 0; i < list.n; i++)
		list.v[i].chosen = is_named(&list.v[i], names);
	for (size_t i = 0; i < list.n && fresh; i++)
		if (list.v[i].chosen)
			choose_grounds(&list, &list.v[i]);
	while (choose_more(&list, fresh))
		;
	for (size_t i = 0; i < list.n; i++) {
		if (list.v[i].chosen)
			strs_add(lines, list.v[i].line);
		else if (list.v[i].left)
			strs_add(left_out, toc_text(list.v[i].line));
	}
	strs_free(&list.lines);
	free(list.v);
	buf_free(&text);
	return rc;
}
