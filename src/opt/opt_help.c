/* opt_help - prints the options of an applet. */
#include "opt/opt_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "opt/opt_table.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 79

static void help_default(struct buf *text, const struct opt *o)
{
	char *time;

	if (o->type == OPT_TIME) {
		time = duration_text(*o->to.ms);
		buf_printf(text, "default %s", time);
		free(time);
	} else if (o->type == OPT_NUMBER) {
		buf_printf(text, "default %ld", *o->to.number);
	} else if (o->type == OPT_TEXT && !o->secret && *o->to.text && **o->to.text) {
		buf_printf(text, "default %s", *o->to.text);
	}
}

/* Prints text from column on, wrapped between words. */
static void print_wrapped(const char *text, int column)
{
	int at = column;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > HELP_WIDTH) {
			printf("\n%*s", column, "");
			at = column;
		}
		at += printf("%s%.*s", at > column ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void help_names(struct buf *text, const char *names)
{
	const char *gap = text->len ? "; " : "";
	char *name;

	while ((name = opt_next_name(&names))) {
		buf_printf(text, "%s%s", gap, name);
		gap = ", ";
		free(name);
	}
}

static void print_option(const struct opt *o)
{
	struct buf left = BUF_INIT, text = BUF_INIT, extra = BUF_INIT;

	buf_printf(&left, "  %c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
	           o->letter ? ',' : ' ', o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	help_default(&extra, o);
	if (o->env)
		help_names(&extra, o->env);
	buf_puts(&text, o->help);
	if (extra.len)
		buf_printf(&text, " [%s]", extra.data);
	if (left.len + 2 > HELP_COLUMN)
		printf("%s\n%*s", left.data, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left.data);
	print_wrapped(text.data, HELP_COLUMN);
	buf_free(&left);
	buf_free(&text);
	buf_free(&extra);
}

void opt_help(const struct applet *a)
{
	const struct opt *o;

	printf("usage: %s %s\n\n%s\n\noptions:\n", a->name, a->synopsis, a->about);
	for OPT_EACH(a, o)
		print_option(o);
	if (a->notes)
		printf("\n%s\n", a->notes);
}

void opt_words(const struct applet *a)
{
	const struct opt *o;
	const char *gap = "";

	for OPT_EACH(a, o) {
		printf("%s--%s", gap, o->name);
		gap = " ";
	}
}
