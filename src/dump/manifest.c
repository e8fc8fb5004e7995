/* manifest - what is known of a backup. */
#include "dump/manifest.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "ext/lite.h"

#define SIZE_LIMIT (4 << 20)

enum type { TEXT, RARE, JSON, NUMBER, TIME, FLAG, LIST, PAIRS };

/* Every field but the format, in the order of the file. PAIRS: the list and the one
 * behind it. RARE: a text that is only written where there is one; JSON:
 * the same, a value of its own. */
static const struct manifest_field {
	const char *name;
	enum type type;
	size_t at;
} fields[] = {
	{ "database", TEXT, offsetof(struct manifest, database) },
	{ "job", TEXT, offsetof(struct manifest, job) },
	{ "target", TEXT, offsetof(struct manifest, target) },
	{ "file", TEXT, offsetof(struct manifest, file) },
	{ "kind", TEXT, offsetof(struct manifest, kind) },
	{ "compression", TEXT, offsetof(struct manifest, compression) },
	{ "archive_version", TEXT, offsetof(struct manifest, archive_version) },
	{ "bytes", NUMBER, offsetof(struct manifest, bytes) },
	{ "sha256", TEXT, offsetof(struct manifest, sha256) },
	{ "started", TIME, offsetof(struct manifest, started) },
	{ "finished", TIME, offsetof(struct manifest, finished) },
	{ "verified", TIME, offsetof(struct manifest, verified) },
	{ "restored", FLAG, offsetof(struct manifest, restored) },
	{ "suspect", FLAG, offsetof(struct manifest, suspect) },
	{ "pgbox", TEXT, offsetof(struct manifest, pgbox) },
	{ "engine", TEXT, offsetof(struct manifest, engine) },
	{ "system_id", TEXT, offsetof(struct manifest, system_id) },
	{ "server", TEXT, offsetof(struct manifest, server) },
	{ "server_version", NUMBER, offsetof(struct manifest, server_version) },
	{ "database_bytes", NUMBER, offsetof(struct manifest, database_bytes) },
	{ "encoding", TEXT, offsetof(struct manifest, encoding) },
	{ "collate", TEXT, offsetof(struct manifest, collate) },
	{ "ctype", TEXT, offsetof(struct manifest, ctype) },
	{ "locale_provider", TEXT, offsetof(struct manifest, locale_provider) },
	{ "locale", TEXT, offsetof(struct manifest, locale) },
	{ "icu_rules", RARE, offsetof(struct manifest, icu_rules) },
	{ "owner", TEXT, offsetof(struct manifest, owner) },
	{ "properties", JSON, offsetof(struct manifest, properties) },
	{ "tables", NUMBER, offsetof(struct manifest, tables) },
	{ "rows_estimate", NUMBER, offsetof(struct manifest, rows) },
	{ "large_objects", NUMBER, offsetof(struct manifest, large_objects) },
	{ "extensions", PAIRS, offsetof(struct manifest, extensions) },
	{ "warnings", LIST, offsetof(struct manifest, warnings) },
};

#define FIELDS (sizeof(fields) / sizeof(*fields))

/* Where a field is in a manifest. */
union place {
	char *bytes;
	char **text;
	int64_t *number;
	bool *flag;
	struct strs *list;
};

static union place place_of(struct manifest *m, const struct manifest_field *f)
{
	return (union place){ .bytes = (char *)m + f->at };
}

void manifest_set(char **field, const char *text)
{
	char *copy = text ? xstrdup(text) : NULL;

	free(*field);
	*field = copy;
}

/* SQLite's JSON functions need a database to run in; one in memory cannot fail to open
 * but for want of memory. */
static void open_memory(struct lite *lite)
{
	lite_open(lite, ":memory:", LITE_CREATE, 0);
}

/* --- writing --- */

/* Replaces *json by what the expression makes of it (?1) and two texts. */
static void edit(struct lite *lite, char **json, const char *expression, const char *a, const char *b)
{
	const char *params[] = { *json, a, b };
	char *sql = xasprintf("SELECT %s", expression);
	struct rows rows = { 0 };

	if (lite_query(lite, sql, params, 3, &rows) == 0 && rows_get(&rows, 0, 0))
		manifest_set(json, rows_get(&rows, 0, 0));
	rows_free(&rows);
	free(sql);
}

static char *json_list(struct lite *lite, const struct strs *list, const struct strs *values)
{
	char *json = xstrdup(values ? "{}" : "[]");

	for (size_t i = 0; i < list->n; i++)
		edit(lite, &json,
		     values ? "json_patch(?1, json_object(?2, ?3))" : "json_insert(?1, '$[#]', ?2)",
		     list->v[i], values ? values->v[i] : NULL);
	return json;
}

/* The value as JSON, or for texts and times as text; NULL for none. The caller frees it. */
static char *value_of(struct lite *lite, union place p, enum type type)
{
	switch (type) {
	case TEXT:
	case RARE:
	case JSON: return *p.text ? xstrdup(*p.text) : NULL;
	case NUMBER: return xasprintf("%lld", (long long)*p.number);
	case TIME: return *p.number ? clock_iso(*p.number) : NULL;
	case FLAG: return xstrdup(*p.flag ? "true" : "false");
	default: return json_list(lite, p.list, type == PAIRS ? p.list + 1 : NULL);
	}
}

static bool is_optional(enum type type)
{
	return type == RARE || type == JSON;
}

static void add_fields(struct lite *lite, char **json, const struct manifest *m, bool whole)
{
	struct manifest copy = *m;

	for (size_t i = 0; i < FIELDS; i++) {
		enum type type = fields[i].type;
		char *value;

		if ((type == JSON && !whole) || (is_optional(type) && !*place_of(&copy, &fields[i]).text))
			continue;
		value = value_of(lite, place_of(&copy, &fields[i]), type);

		edit(lite, json,
		     type == TEXT || type == RARE || type == TIME ? "json_insert(?1, '$.' || ?2, ?3)"
		                                  : "json_insert(?1, '$.' || ?2, json(?3))",
		     fields[i].name, value);
		free(value);
	}
}

char *manifest_text(const struct manifest *m)
{
	struct lite lite = LITE_INIT;
	char *json = xasprintf("{\"pgbox_backup\":%d}", MANIFEST_FORMAT);

	open_memory(&lite);
	add_fields(&lite, &json, m, true);
	edit(&lite, &json, "json_pretty(?1) || char(10)", NULL, NULL);
	lite_free(&lite);
	return json;
}

char *manifest_line(const struct manifest *m, const char *path, const char *state)
{
	struct lite lite = LITE_INIT;
	char *json = xstrdup("{}");

	open_memory(&lite);
	edit(&lite, &json, "json_object('path', ?2, 'state', ?3)", path, state);
	add_fields(&lite, &json, m, false);
	lite_free(&lite);
	return json;
}

/* --- reading --- */

static void take_list(struct lite *lite, const char *json, const char *name, struct strs *list,
                      struct strs *values)
{
	const char *params[] = { json, name };
	struct rows rows = { 0 };

	if (lite_query(lite, "SELECT key, value FROM json_each(?1, '$.' || ?2)", params, 2, &rows) == 0)
		for (size_t i = 0; i < rows.n; i++) {
			const char *key = rows_get(&rows, i, 0), *value = rows_get(&rows, i, 1);

			strs_add(list, values ? key : value ? value : "");
			if (values)
				strs_add(values, value ? value : "");
		}
	rows_free(&rows);
}

static void take_value(union place p, enum type type, const char *value)
{
	if (!value)
		return;
	if (type <= JSON)
		manifest_set(p.text, value);
	else if (type == NUMBER)
		*p.number = atoll(value);
	else if (type == TIME)
		clock_iso_parse(value, p.number);
	else
		*p.flag = strcmp(value, "1") == 0;
}

static void take_fields(struct lite *lite, struct manifest *m, const char *json)
{
	for (size_t i = 0; i < FIELDS; i++) {
		union place p = place_of(m, &fields[i]);
		const char *params[] = { json, fields[i].name };
		struct rows rows = { 0 };

		if (fields[i].type >= LIST)
			take_list(lite, json, fields[i].name, p.list,
			          fields[i].type == PAIRS ? p.list + 1 : NULL);
		else if (lite_query(lite, "SELECT json_extract(?1, '$.' || ?2)", params, 2, &rows) == 0)
			take_value(p, fields[i].type, rows_get(&rows, 0, 0));
		rows_free(&rows);
	}
}

/* A number when the text is a manifest, of that format; else 0. */
static int format_of(struct lite *lite, const char *json)
{
	struct rows rows = { 0 };
	int format = 0;

	if (lite_query(lite, "SELECT json_extract(?1, '$.pgbox_backup')", &json, 1, &rows) == 0 &&
	    rows_get(&rows, 0, 0))
		format = atoi(rows_text(&rows, 0, 0));
	rows_free(&rows);
	return format;
}

int manifest_parse(struct manifest *m, const char *text, const char *name, struct buf *error)
{
	struct lite lite = LITE_INIT;
	int format, rc = 0;

	*m = (struct manifest){ 0 };
	open_memory(&lite);
	format = format_of(&lite, text);
	if (format > 0)
		take_fields(&lite, m, text);
	if (format > MANIFEST_FORMAT) {
		buf_printf(error, "'%s' was written by a newer pgbox", name);
		rc = BAD_DATA;
	} else if (format <= 0 || !m->file || !m->kind || !m->sha256 || !m->started) {
		buf_printf(error, "'%s' is no manifest of pgbackup", name);
		rc = BAD_DATA;
	}
	lite_free(&lite);
	return rc;
}

int manifest_read(struct manifest *m, const char *path, struct buf *error)
{
	struct buf json = BUF_INIT;
	int rc;

	*m = (struct manifest){ 0 };
	if (file_read_regular(path, &json, SIZE_LIMIT) != 0) {
		rc = errno == ENXIO || errno == ELOOP || errno == EFBIG ? BAD_DATA : NO_INPUT;
		buf_printf(error, "cannot read the manifest '%s': %s", path, file_reason(errno));
	} else {
		rc = manifest_parse(m, json.data, path, error);
	}
	buf_free(&json);
	return rc;
}

void manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < FIELDS; i++) {
		union place p = place_of(m, &fields[i]);

		if (fields[i].type <= JSON)
			free(*p.text);
		if (fields[i].type >= LIST)
			strs_free(p.list);
		if (fields[i].type == PAIRS)
			strs_free(p.list + 1);
	}
	*m = (struct manifest){ 0 };
}
