/* problem - what is wrong with an environment: a list. */
#include "envcheck/problem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "ext/lite.h"

static bool is_listed(const struct problems *list, const char *name, const char *code)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0 && strcmp(list->v[i].code, code) == 0)
			return true;
	return false;
}

void problem_add(struct problems *list, const char *name, enum problem_level level, const char *code,
                 const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	if (is_listed(list, name, code))
		return;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = (struct problem){ .name = xstrdup(name), .level = level, .code = code,
		                               .text = buf_detach(&text) };
}

static int by_name(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	return names ? names : strcmp(x->code, y->code);
}

void problem_sort(struct problems *list)
{
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_name);
}

size_t problem_count(const struct problems *list, enum problem_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].level == level;
	return n;
}

static const char *const levels[] = { "error", "warning", "allowed" };

static char *add_json(struct lite *lite, char *list, const struct problem *p)
{
	const char *params[] = { list, p->name, levels[p->level], p->code, p->text };
	struct rows rows = { 0 };
	char *longer = NULL;

	if (lite_query(lite, "SELECT json_insert(?1, '$[#]', json_object('name', ?2, 'level', ?3,"
	               " 'code', ?4, 'message', ?5))", params, 5, &rows) == 0 && rows_get(&rows, 0, 0))
		longer = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	if (!longer)
		return list;
	free(list);
	return longer;
}

char *problem_json(const struct problems *list)
{
	struct lite lite = LITE_INIT;
	char *json = xstrdup("[]");

	/* One in memory cannot fail to open but for want of memory. */
	lite_open(&lite, ":memory:", LITE_CREATE, 0);
	for (size_t i = 0; i < list->n; i++)
		json = add_json(&lite, json, &list->v[i]);
	lite_free(&lite);
	return json;
}

void problem_free(struct problems *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].text);
	}
	free(list->v);
	*list = (struct problems){ 0 };
}
