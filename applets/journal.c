/*
 * journal - show what pgbox did here: the runs that seedonce, pgbackup and
 * pgrestore recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/show.h"
#include "opt/opt.h"
#include "repo/journal.h"

static struct {
	long last;
	bool json;
} o = { .last = 20 };

static const struct opt opts[] = {
	NUMBER('n', "last", NULL, "N", &o.last, "show the last N runs"),
	FLAG(0, "json", &o.json, "one JSON object a line"),
	OPT_TABLE_END
};

static const char *const heads[] = { "STARTED", "APPLET", "NAME", "TARGET", "STATUS",
	                             "TRY", "SECONDS", "ERROR" };

#define COLUMNS (sizeof(heads) / sizeof(*heads))

static void print_row(const char *const *cells, const int *widths)
{
	for (size_t i = 0; i + 1 < COLUMNS; i++)
		show("%-*s  ", widths[i], cells[i]);
	show("%s\n", cells[COLUMNS - 1]);
}

static void print_table(const struct rows *rows)
{
	int widths[COLUMNS];

	for (size_t col = 0; col < COLUMNS; col++) {
		widths[col] = (int)strlen(heads[col]);
		for (size_t row = 0; row < rows->n; row++) {
			int width = (int)strlen(rows_get(rows, row, col));

			widths[col] = width > widths[col] ? width : widths[col];
		}
	}
	print_row(heads, widths);
	for (size_t row = 0; row < rows->n; row++)
		print_row((const char *const *)rows->cells + row * rows->columns, widths);
}

static void print_json(const struct rows *rows)
{
	for (size_t row = 0; row < rows->n; row++)
		show_json(rows_get(rows, row, 0));
}

/* A file, or a folder of backups. */
static int open_given(struct journal *j, const char *path)
{
	char *file;
	int rc;

	/* A URL in the wrong place may have a password. */
	if (strstr(path, "://"))
		die(BAD_USAGE, "the operand is a journal file or a folder of backups, and no URL");
	if (file_is_dir(path))
		beneath_guard(path);
	file = file_is_dir(path) ? xasprintf("%s/" JOURNAL_BESIDE, path) : xstrdup(path);
	rc = journal_open_file(j, file);
	free(file);
	return rc;
}

static int run(int argc, char **argv, char ***command)
{
	struct rows rows = { 0 };
	struct journal j;
	int rc;

	(void)command;
	rc = argc ? open_given(&j, argv[0]) : journal_open(&j, JOURNAL_DEFAULT, false);
	if (rc == 1)
		die(NO_INPUT, "there is no journal: %s does not exist and PGBOX_JOURNAL is not set",
		    JOURNAL_DEFAULT);
	if (rc || journal_last(&j, o.last, o.json, &rows))
		die(NO_INPUT, "%s", j.error.data);
	if (o.json)
		print_json(&rows);
	else
		print_table(&rows);
	rows_free(&rows);
	journal_free(&j);
	return DONE;
}

const struct applet applet_journal = {
	.name = "journal",
	.brief = "show what pgbox did here",
	.synopsis = "[FILE|DIR] [options]",
	.about = "Shows the runs that seedonce, pgbackup and pgrestore recorded, oldest first.\n"
	         "The journal is FILE, or the one in DIR, a folder of backups; else the SQLite\n"
	         "file PGBOX_JOURNAL, else " JOURNAL_DEFAULT ".",
	.opts = opts,
	.notes = "exit codes: 0 shown; 64 wrong call; 66 no journal, or an unreadable one.",
	.max_operands = 1,
	.run = run,
};
