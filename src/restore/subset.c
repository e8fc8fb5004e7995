/* subset - the entries of an archive that make up some of its tables. */
#include "restore/subset.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* An entry, what it needs, and what needs it. */
struct subset_entry {
	const char *line; /* `id; table oid TYPE schema name owner` */
	const char *needs; /* ids with blanks before them, or "" */
	size_t *needed, n_needed;   /* places in entries.v */
	size_t *needing, n_needing;
	size_t missing;   /* how many of those that it needs are not chosen */
	bool part, wanted, chosen;
};

/* Where the entry of an id is. */
struct entry_place {
	long id;
	size_t at;
};

struct entries {
	struct strs lines;    /* what the entries point into */
	struct subset_entry *v;
	size_t n;
	struct entry_place *by_id;  /* sorted */
	size_t *chosen, n_chosen; /* those whose consequences have not been looked at, a stack */
};

static bool is_one_of(const struct subset_entry *e, const char *const *types)
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
			list->v[list->n++] = (struct subset_entry){ .line = line, .needs = "" };
	}
}

static int by_id(const void *x, const void *y)
{
	const struct entry_place *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

static void sort_ids(struct entries *list)
{
	list->by_id = xcalloc(list->n + 1, sizeof(*list->by_id));
	for (size_t i = 0; i < list->n; i++)
		list->by_id[i] = (struct entry_place){ .id = strtol(list->v[i].line, NULL, 10), .at = i };
	qsort(list->by_id, list->n, sizeof(*list->by_id), by_id);
}

static void add_place(size_t **list, size_t *n, size_t at)
{
	/* Grows by doubling: full at each power of two. */
	if ((*n & (*n - 1)) == 0)
		*list = xrealloc(*list, (*n ? *n * 2 : 1) * sizeof(**list));
	(*list)[(*n)++] = at;
}

/* Of the entries that the list has; what else an entry needs is not to be had, and not asked for. */
static void link_entry(struct entries *list, size_t at)
{
	struct subset_entry *e = &list->v[at];
	const char *text = e->needs;
	char *end;

	for (;; text = end) {
		struct entry_place key = { .id = strtol(text, &end, 10) }, *found;

		if (end == text)
			break;
		found = bsearch(&key, list->by_id, list->n, sizeof(key), by_id);
		if (!found)
			continue;
		add_place(&e->needed, &e->n_needed, found->at);
		add_place(&list->v[found->at].needing, &list->v[found->at].n_needing, at);
	}
	e->missing = e->n_needed;
}

static void link_entries(struct entries *list)
{
	sort_ids(list);
	list->chosen = xcalloc(list->n + 1, sizeof(*list->chosen));
	for (size_t i = 0; i < list->n; i++) {
		link_entry(list, i);
		list->v[i].part = is_one_of(&list->v[i], parts);
	}
}

static void free_entries(struct entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].needed);
		free(list->v[i].needing);
	}
	strs_free(&list->lines);
	free(list->v);
	free(list->by_id);
	free(list->chosen);
}

/* --- choosing --- */

static bool is_named(const struct subset_entry *e, const struct strs *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (toc_is_relation(e->line, names->v[i]))
			return true;
	return false;
}

static void choose(struct entries *list, size_t at)
{
	struct subset_entry *e = &list->v[at];

	if (e->chosen)
		return;
	e->chosen = true;
	list->chosen[list->n_chosen++] = at;
	for (size_t i = 0; i < e->n_needing; i++)
		list->v[e->needing[i]].missing--;
}

/* A foreign key is its own table's: `schema table name owner`; what attaches needs both. */
static bool belongs(const struct subset_entry *e, const struct subset_entry *to)
{
	static const char *const attach[] = { "TABLE ATTACH", "INDEX ATTACH", NULL };
	const char *key = toc_is(e->line, "FK CONSTRAINT"), *table = toc_is(to->line, "TABLE"), *last;

	if (key)
		return table && strncmp(key, table,
		                        (size_t)((last = strrchr(table, ' ')) ? last + 1 - table : 0)) == 0;
	return !is_one_of(e, attach) || !e->missing;
}

/* In a new database there are neither the schema nor the types that a table is made with. */
static void choose_grounds(struct entries *list)
{
	static const char *const grounds[] = {
		"SCHEMA", "EXTENSION", "TYPE", "DOMAIN", "COLLATION", "SHELL TYPE", NULL
	};

	for (size_t i = 0; i < list->n_chosen; i++) {
		const struct subset_entry *e = &list->v[list->chosen[i]];

		for (size_t k = 0; k < e->n_needed; k++)
			if (is_one_of(&list->v[e->needed[k]], grounds))
				choose(list, e->needed[k]);
	}
}

/* Those that need one that is chosen, and are part of it; in a new database those alone of which all that
 * they need is chosen. Each dependency is looked at once. */
static void choose_parts(struct entries *list, bool fresh)
{
	while (list->n_chosen) {
		const struct subset_entry *to = &list->v[list->chosen[--list->n_chosen]];

		for (size_t i = 0; i < to->n_needing; i++) {
			struct subset_entry *e = &list->v[to->needing[i]];

			e->wanted = e->wanted || (e->part && belongs(e, to));
			if (e->wanted && (!fresh || !e->missing))
				choose(list, to->needing[i]);
		}
	}
}

int subset_choose(const char *path, const struct strs *names, bool fresh, struct strs *lines,
                struct strs *left_out, struct buf *error)
{
	struct buf text = BUF_INIT;
	struct entries list = { 0 };
	int rc = toc_ask(path, "--list", "--verbose", NULL, &text, error);

	if (!rc)
		read_entries(&list, text.data);
	link_entries(&list);
	for (size_t i = 0; i < list.n; i++)
		if (is_named(&list.v[i], names))
			choose(&list, i);
	if (fresh)
		choose_grounds(&list);
	choose_parts(&list, fresh);
	for (size_t i = 0; i < list.n; i++) {
		if (list.v[i].chosen)
			strs_add(lines, list.v[i].line);
		else if (list.v[i].wanted)
			strs_add(left_out, toc_text(list.v[i].line));
	}
	free_entries(&list);
	buf_free(&text);
	return rc;
}
