/* fill_order - the order in which rows come into tables that are there. */
#include "restore/fill_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"

#define ASK_MS 30000
#define RUN_MS 600000 /* the foreign keys are checked */

/* Those of partitions, and to partitions, are parts of their table's, which alone can be altered. */
static const char find[] =
	"WITH RECURSIVE k AS ("
	/* Since 18 there are some that are not checked. */
	"  SELECT oid, oid AS top, conrelid, confrelid FROM pg_catalog.pg_constraint c"
	"   WHERE contype = 'f' AND conparentid = 0 AND to_jsonb(c) ->> 'conenforced' IS DISTINCT"
	" FROM 'false'"
	"  UNION ALL SELECT c.oid, k.top, c.conrelid, c.confrelid FROM pg_catalog.pg_constraint c"
	"   JOIN k ON c.conparentid = k.oid WHERE c.contype = 'f')"
	" SELECT DISTINCT cn.nspname || ' ' || c.relname, pn.nspname || ' ' || p.relname, t.condeferrable,"
	"  format('ALTER TABLE %I.%I ALTER CONSTRAINT %I', rn.nspname, r.relname, t.conname),"
	"  pg_has_role(r.relowner, 'USAGE')"
	" FROM k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
	" JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace"
	" JOIN pg_catalog.pg_class p ON p.oid = k.confrelid"
	" JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace"
	" JOIN pg_catalog.pg_constraint t ON t.oid = k.top JOIN pg_catalog.pg_class r ON r.oid = t.conrelid"
	" JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace ORDER BY 1, 2, 4";

enum { CHILD, PARENT, DEFERRABLE, ALTER, OWNED };

/* A table's rows. */
struct node {
	const char *line;
	size_t waits;  /* for how many references that are still to be respected */
	size_t needed; /* by how many */
	bool done, loose;
};

/* A foreign key: from needs to. */
struct edge {
	size_t from, to;
	const char *alter;
	bool owned, gone;
};

struct graph {
	struct node *nodes;
	struct edge *edges;
	size_t n, n_edges;
};

#define NOWHERE ((size_t)-1)

/* `schema name owner` begins with `schema name`. */
static size_t find_node(const struct graph *g, const char *name)
{
	size_t found = NOWHERE;

	for (size_t i = 0; i < g->n; i++) {
		const char *rest = skip_prefix(toc_is(g->nodes[i].line, "TABLE DATA"), name);

		/* With another blank the name may be longer. */
		if (rest && *rest == ' ' && !strchr(rest + 1, ' '))
			return i;
		if (rest && *rest == ' ' && found == NOWHERE)
			found = i;
	}
	return found;
}

static void read_nodes(struct graph *g, const struct strs *lines)
{
	g->nodes = xcalloc(lines->n + 1, sizeof(*g->nodes));
	for (size_t i = 0; i < lines->n; i++)
		if (toc_is(lines->v[i], "TABLE DATA"))
			g->nodes[g->n++].line = lines->v[i];
}

static void read_edges(struct graph *g, const struct rows *rows, struct fill_order *f)
{
	g->edges = xcalloc(rows->n + 1, sizeof(*g->edges));
	for (size_t i = 0; i < rows->n; i++) {
		struct edge e = { .from = find_node(g, rows_text(rows, i, CHILD)),
			          .to = find_node(g, rows_text(rows, i, PARENT)),
			          .alter = rows_text(rows, i, ALTER),
			          .owned = rows_true(rows, i, OWNED) };

		if (e.from == NOWHERE || e.to == NOWHERE)
			continue;
		f->refers = true;
		if (rows_true(rows, i, DEFERRABLE))
			continue;
		if (e.from == e.to) {
			if (e.owned)
				strs_add(&f->rows, e.alter);
			continue;
		}
		g->nodes[e.from].waits++;
		g->nodes[e.to].needed++;
		g->edges[g->n_edges++] = e;
	}
}

/* --- the order --- */

static void drop_edge(struct graph *g, struct edge *e)
{
	e->gone = true;
	g->nodes[e->from].waits--;
	g->nodes[e->to].needed--;
}

static void take(struct graph *g, size_t at, struct strs *order)
{
	g->nodes[at].done = true;
	strs_add(order, g->nodes[at].line);
	for (size_t i = 0; i < g->n_edges; i++)
		if (!g->edges[i].gone && g->edges[i].to == at)
			drop_edge(g, &g->edges[i]);
}

/* All that wait for nothing; returns whether any did. */
static bool take_free(struct graph *g, struct strs *order)
{
	bool any = false;

	for (size_t i = 0; i < g->n; i++) {
		if (g->nodes[i].done || g->nodes[i].waits)
			continue;
		take(g, i, order);
		any = true;
	}
	return any;
}

/* What nothing of the rest needs is in no circle, nor between two. */
static void loosen(struct graph *g)
{
	size_t *needed = xcalloc(g->n + 1, sizeof(*needed));
	bool again = true;

	for (size_t i = 0; i < g->n; i++)
		needed[i] = g->nodes[i].needed;
	while (again) {
		again = false;
		for (size_t i = 0; i < g->n; i++) {
			if (g->nodes[i].done || g->nodes[i].loose || needed[i])
				continue;
			g->nodes[i].loose = again = true;
			for (size_t k = 0; k < g->n_edges; k++)
				if (!g->edges[k].gone && g->edges[k].from == i)
					needed[g->edges[k].to]--;
		}
	}
	free(needed);
}

static void add_once(struct strs *list, const char *text)
{
	if (!strs_has(list, text))
		strs_add(list, text);
}

/* A foreign key is deferred by its owner alone. */
static void defer(struct graph *g, struct edge *e, const char *why, struct strs *deferred,
                  struct strs *problems)
{
	if (e->owned)
		add_once(deferred, e->alter);
	else
		strs_printf(problems, "%s refers to %s, %s, by a foreign key that is not deferrable and that "
		            "this role may not change: restore as the tables' owner or as a superuser",
		            toc_text(g->nodes[e->from].line), toc_text(g->nodes[e->to].line), why);
	drop_edge(g, e);
}

static void break_circles(struct graph *g, struct strs *deferred, struct strs *problems)
{
	loosen(g);
	for (size_t i = 0; i < g->n_edges; i++)
		if (!g->edges[i].gone && !g->nodes[g->edges[i].from].loose)
			defer(g, &g->edges[i], "and in a circle back to itself", deferred, problems);
}

/* The rows of a tar archive come as they are in it. */
static void keep_order(struct graph *g, struct strs *deferred, struct strs *problems)
{
	for (size_t i = 0; i < g->n_edges; i++)
		if (g->edges[i].to > g->edges[i].from)
			defer(g, &g->edges[i], "which a tar archive has later", deferred, problems);
}

/* The rows' entries in the places that such have. */
static void put_in_order(struct fill_order *f, const struct strs *lines, const struct strs *order)
{
	size_t next = 0;

	for (size_t i = 0; i < lines->n; i++)
		strs_add(&f->lines, toc_is(lines->v[i], "TABLE DATA") && next < order->n ? order->v[next++]
		                                                                         : lines->v[i]);
}

#define DEFER " DEFERRABLE INITIALLY DEFERRED"
#define CHECK_ALL "SET CONSTRAINTS ALL IMMEDIATE"

static void add_deferring(struct fill_order *f, const struct strs *deferred)
{
	strs_add(&f->begin, "SET CONSTRAINTS ALL DEFERRED");
	for (size_t i = 0; i < deferred->n; i++)
		strs_printf(&f->begin, "%s" DEFER, deferred->v[i]);
	/* A table with checks to come cannot be altered. */
	strs_add(&f->end, CHECK_ALL);
	for (size_t i = 0; i < deferred->n; i++)
		strs_printf(&f->end, "%s NOT DEFERRABLE", deferred->v[i]);
}

int fill_order_look(struct fill_order *f, struct db *db, const struct strs *lines, bool tar,
                    struct strs *problems)
{
	struct strs order = { 0 }, deferred = { 0 };
	struct graph g = { 0 };
	struct rows rows = { 0 };
	int rc = db_read(db, (struct sql){ .pg = find }, NULL, 0, clock_after(ASK_MS), &rows);

	*f = (struct fill_order){ 0 };
	read_nodes(&g, lines);
	read_edges(&g, &rows, f);
	if (tar)
		keep_order(&g, &deferred, problems);
	while (!rc && order.n < g.n)
		if (!take_free(&g, &order))
			break_circles(&g, &deferred, problems);
	if (!rc && f->refers) {
		put_in_order(f, lines, &order);
		add_deferring(f, &deferred);
	}
	strs_free(&order);
	strs_free(&deferred);
	rows_free(&rows);
	free(g.nodes);
	free(g.edges);
	return rc;
}

bool fill_order_is_rows(const struct strs *lines)
{
	bool rows = false;

	for (size_t i = 0; i < lines->n; i++) {
		bool data = toc_is(lines->v[i], "TABLE DATA");

		if (toc_is(lines->v[i], "TABLE") && !data)
			return false;
		rows = rows || data;
	}
	return rows;
}

/* --- in the child --- */

/* What fails is sent again by the program. */
static char *run_all(struct pg_conn *conn, const struct strs *statements, const char *more)
{
	char *failed = NULL;
	struct server pg;

	server_borrow(&pg, conn);
	for (size_t i = 0; i < statements->n && !failed; i++) {
		char *sql = xasprintf("%s%s", statements->v[i], more);

		if (server_try(&pg, sql, clock_after(RUN_MS)) != 0)
			failed = xstrdup(sql);
		free(sql);
	}
	server_free(&pg);
	return failed;
}

static char *run_end(struct fill_order *f, struct pg_conn *conn)
{
	char *failed = f->begun ? run_all(conn, &f->end, "") : NULL;

	if (!failed && f->inserted)
		failed = run_all(conn, &f->rows, " NOT DEFERRABLE");
	return failed;
}

char *fill_order_edit(struct fill_order *f, struct pg_conn *conn, const char *statement)
{
	bool inserts = skip_prefix(statement, "INSERT INTO ");
	char *failed = NULL;

	if (!f->refers)
		return NULL;
	if (strcmp(statement, "COMMIT") == 0)
		return run_end(f, conn);
	if (!f->begun && (inserts || skip_prefix(statement, "COPY "))) {
		f->begun = true;
		failed = run_all(conn, &f->begin, "");
	}
	if (!failed && inserts && !f->inserted) {
		f->inserted = true;
		failed = run_all(conn, &f->rows, DEFER);
	}
	return failed;
}

void fill_order_free(struct fill_order *f)
{
	strs_free(&f->lines);
	strs_free(&f->begin);
	strs_free(&f->rows);
	strs_free(&f->end);
}
