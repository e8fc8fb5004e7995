/* metrics - the state of the backups for Prometheus. */
#include "backup/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "repo/freshness.h"

/* One database; a moment of 0 is not known. */
struct row {
	const char *database;
	bool good, suspect;
	int64_t made, oldest, bytes, tables, backups;
};

/* Seconds of a moment in ms. */
static void add_seconds(struct buf *b, int64_t ms)
{
	buf_printf(b, "%lld.%03lld\n", (long long)(ms / 1000), (long long)(ms % 1000));
}

/* Prometheus' text format 0.0.4: HELP and TYPE once, before the first sample. */
static void begin(struct buf *b, const char *name, const char *help)
{
	buf_printf(b, "# HELP pgbackup_%s %s\n# TYPE pgbackup_%s gauge\n", name, help, name);
}

static void add_run(struct buf *b, const struct metrics *m, bool journal)
{
	begin(b, "last_run_timestamp_seconds", "When the last run ended.");
	buf_puts(b, "pgbackup_last_run_timestamp_seconds ");
	add_seconds(b, m->ended);
	begin(b, "last_run_duration_seconds", "How long the last run took.");
	buf_puts(b, "pgbackup_last_run_duration_seconds ");
	add_seconds(b, m->ended > m->began ? m->ended - m->began : 0);
	begin(b, "last_run_success", "Whether all of the last run was good.");
	buf_printf(b, "pgbackup_last_run_success %d\n", m->good);
	if (m->next) {
		begin(b, "next_run_timestamp_seconds", "When the next run is due.");
		buf_puts(b, "pgbackup_next_run_timestamp_seconds ");
		add_seconds(b, m->next);
	}
	begin(b, "journal_up", "Whether the journal, which what follows is from, can be read.");
	buf_printf(b, "pgbackup_journal_up %d\n", journal);
}

/* The value of a label: backslash, quote and line feed are escaped. */
static void add_name(struct buf *b, const char *metric, const char *database)
{
	buf_printf(b, "pgbackup_%s{database=\"", metric);
	for (; *database; database++) {
		if (*database == '\\' || *database == '"')
			buf_putc(b, '\\');
		buf_puts(b, *database == '\n' ? "\\n" : (char[]){ *database, '\0' });
	}
	buf_puts(b, "\"} ");
}

enum shape { NUMBER, MOMENT };

struct column {
	const char *name, *help;
	int64_t (*value)(const struct row *row); /* below 0: not known */
	enum shape shape;
};

static void add_column(struct buf *b, const struct column *c, const struct row *rows, size_t n)
{
	begin(b, c->name, c->help);
	for (size_t i = 0; i < n; i++) {
		int64_t value = c->value(&rows[i]);

		/* Of what is not known there is no sample. */
		if (value < 0 || (c->shape == MOMENT && !value))
			continue;
		add_name(b, c->name, rows[i].database);
		if (c->shape == MOMENT)
			add_seconds(b, value);
		else
			buf_printf(b, "%lld\n", (long long)value);
	}
}

static int64_t good(const struct row *r) { return r->good; }
static int64_t made(const struct row *r) { return r->made; }
static int64_t bytes(const struct row *r) { return r->made ? r->bytes : -1; }
static int64_t tables(const struct row *r) { return r->made ? r->tables : -1; }
static int64_t suspect(const struct row *r) { return r->made ? r->suspect : -1; }
static int64_t backups(const struct row *r) { return r->backups; }
static int64_t oldest(const struct row *r) { return r->oldest; }

static const struct column columns[] = {
	{ "database_last_run_success", "Whether the last run was good for the database.", good, NUMBER },
	{ "last_success_timestamp_seconds", "When the newest verified backup was begun.", made, MOMENT },
	{ "last_success_size_bytes", "The size of the newest verified backup.", bytes, NUMBER },
	{ "last_success_tables", "The tables in the newest verified backup.", tables, NUMBER },
	{ "last_success_suspect", "Whether it looks broken beside the one before it.", suspect, NUMBER },
	{ "backups", "The verified backups that there are.", backups, NUMBER },
	{ "oldest_backup_timestamp_seconds", "When the oldest verified backup was begun.", oldest, MOMENT },
};

static void read_row(struct catalog *c, struct row *row)
{
	struct newest newest = { 0 };
	struct past *past = NULL;
	struct strs paths = { 0 };
	size_t n = 0;

	catalog_newest(c, row->database, NULL, clock_wall() + CLOCK_TOLERANCE_MS, &newest);
	row->made = newest.made;
	row->bytes = newest.bytes;
	row->tables = newest.tables;
	row->suspect = newest.suspect;
	catalog_past(c, row->database, NULL, &past, &n, &paths);
	for (size_t i = 0; i < n; i++) {
		row->backups += past[i].verified;
		if (past[i].verified)
			row->oldest = past[i].made; /* the newest come first */
	}
	free(past);
	strs_free(&paths);
}

static void add_databases(struct buf *b, struct catalog *c, const struct rows *names)
{
	struct row *rows = xcalloc(names->n + 1, sizeof(*rows));

	for (size_t i = 0; i < names->n; i++) {
		rows[i].database = rows_get(names, i, 0);
		rows[i].good = strcmp(rows_text(names, i, 1), "done") == 0;
		read_row(c, &rows[i]);
	}
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns) && names->n; i++)
		add_column(b, &columns[i], rows, names->n);
	free(rows);
}

/* The reader is another user, in another container. */
static int replace(const char *path, const struct buf *text, struct buf *error)
{
	char *part = xasprintf("%s.%ld.part", path, (long)getpid());
	int rc = 0;

	if (file_write_mode(part, 0644, text->data, text->len) != 0 || rename(part, path) != 0) {
		rc = file_cannot(error, "write the metrics to", path);
		unlink(part);
	}
	free(part);
	return rc;
}

int metrics_write(const char *path, const struct metrics *m, struct catalog *c, const char *about,
                  struct buf *error)
{
	struct rows names = { 0 };
	struct buf text = BUF_INIT;
	bool journal = catalog_is_open(c) && catalog_last(c, about, FRESHNESS_MS, &names) == 0;
	int rc;

	add_run(&text, m, journal);
	if (journal)
		add_databases(&text, c, &names);
	rc = replace(path, &text, error);
	rows_free(&names);
	buf_free(&text);
	return rc;
}
