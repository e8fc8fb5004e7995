/* properties - what a database is besides its content. */
#include "dump/properties.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "dump/properties_parts.h"

/* --- the list that a setting may be --- */

/* Of these the catalog has the elements quoted, as a list of identifiers (dumputils.c,
 * variable_is_guc_list_quote). */
static bool is_list(const char *name)
{
	static const char *const names[] = { "local_preload_libraries",   "oauth_validator_libraries",
		                             "output_plugin_libraries",   "search_path",
		                             "session_preload_libraries", "shared_preload_libraries",
		                             "temp_tablespaces",          "unix_socket_directories" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

/* The end of an element of such a list, without the blanks before its comma; its text in word. */
static const char *take_element(const char *at, struct buf *word)
{
	if (*at != '"') {
		size_t len = strcspn(at, ",");

		buf_add(word, at, len);
		buf_trim(word);
		return at + len;
	}
	for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
		at += *at == '"';
		buf_putc(word, *at);
	}
	at += *at == '"';
	return at + strcspn(at, ",");
}

static void split_list(const char *text, struct strs *values)
{
	const char *at = text + strspn(text, " ");

	while (*at) {
		struct buf word = BUF_INIT;

		at = take_element(at, &word);
		strs_add(values, word.data);
		buf_free(&word);
		at += *at == ',';
		at += strspn(at, " ");
	}
}

/* --- growing --- */

struct database_right *properties_add_right(struct properties *p)
{
	p->rights = xrealloc(p->rights, (p->n_rights + 1) * sizeof(*p->rights));
	p->rights[p->n_rights] = (struct database_right){ 0 };
	return &p->rights[p->n_rights++];
}

struct database_setting *properties_add_setting(struct properties *p, const char *role, const char *name)
{
	p->settings = xrealloc(p->settings, (p->n_settings + 1) * sizeof(*p->settings));
	p->settings[p->n_settings] = (struct database_setting){ .role = role ? xstrdup(role) : NULL,
		                                                .name = xstrdup(name) };
	return &p->settings[p->n_settings++];
}

static void free_right(struct database_right *r)
{
	free(r->role);
}

static void free_setting(struct database_setting *s)
{
	free(s->role);
	free(s->name);
	strs_free(&s->values);
}

void properties_drop_setting(struct properties *p, size_t i)
{
	free_setting(&p->settings[i]);
	p->n_settings--;
	memmove(p->settings + i, p->settings + i + 1, (p->n_settings - i) * sizeof(*p->settings));
}

/* --- the manifest's --- */

unsigned properties_privilege(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} privileges[] = { { "ALL", RIGHT_ALL }, { "CREATE", RIGHT_CREATE }, { "CONNECT", RIGHT_CONNECT },
		           { "TEMPORARY", RIGHT_TEMPORARY }, { "TEMP", RIGHT_TEMPORARY } };

	for (size_t i = 0; i < sizeof(privileges) / sizeof(*privileges); i++)
		if (strcasecmp(privileges[i].name, name) == 0)
			return privileges[i].bit;
	return 0;
}

/* An acl is all there is: what the server gives by itself is taken back first. */
static void take_acl(struct properties *p, const struct rows *rows)
{
	if (!rows->n)
		return;
	properties_add_right(p)->privileges = RIGHT_ALL;
	if (p->owner) {
		struct database_right *own = properties_add_right(p);

		own->privileges = RIGHT_ALL;
		own->role = xstrdup(p->owner);
	}
	for (size_t i = 0; i < rows->n; i++) {
		const char *privilege = rows_get(rows, i, 1), *role = rows_get(rows, i, 0);
		unsigned bit = privilege ? properties_privilege(privilege) : 0;
		struct database_right *r;

		if (!bit)
			continue;
		r = properties_add_right(p);
		*r = (struct database_right){ .grant = true,
			                      .option = rows_true(rows, i, 2),
			                      .privileges = bit,
			                      .role = role ? xstrdup(role) : NULL };
	}
}

static void take_settings(struct properties *p, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const char *text = rows_get(rows, i, 1), *value = text ? strchr(text, '=') : NULL;
		struct database_setting *s;
		char *name;

		if (!value)
			continue;
		name = xstrndup(text, (size_t)(value - text));
		s = properties_add_setting(p, rows_get(rows, i, 0), name);
		if (is_list(name))
			split_list(value + 1, &s->values);
		else
			strs_add(&s->values, value + 1);
		if (!s->values.n)
			strs_add(&s->values, "");
		free(name);
	}
}

static void take_scalars(struct properties *p, const struct rows *rows)
{
	const char *limit = rows_get(rows, 0, 1);

	manifest_set(&p->comment, rows_get(rows, 0, 0));
	p->connection_limit = limit ? atol(limit) : -1;
	p->is_template = rows_true(rows, 0, 2);
	manifest_set(&p->tablespace, rows_get(rows, 0, 3));
}

/* SQLite's JSON functions read it, in a database in memory. */
static void take_json(struct properties *p, const char *json)
{
	static const struct {
		const char *sql;
		void (*take)(struct properties *p, const struct rows *rows);
	} parts[] = {
		{ "SELECT ?1 ->> '$.comment', ?1 ->> '$.connection_limit', iif(?1 ->> '$.template', 't',"
		  " 'f'),"
		  " ?1 ->> '$.tablespace'",
		  take_scalars },
		/* An empty list is one that gives nobody anything. */
		{ "SELECT NULL, '', 'f' WHERE json_type(?1, '$.acl') = 'array'"
		  " UNION ALL SELECT value ->> '$.role', value ->> '$.privilege',"
		  "  iif(value ->> '$.grantable', 't', 'f') FROM json_each(?1, '$.acl')"
		  " WHERE json_type(?1, '$.acl') = 'array'",
		  take_acl },
		{ "SELECT value ->> '$.role', value ->> '$.setting' FROM json_each(?1, '$.settings')",
		  take_settings },
	};
	struct lite lite = LITE_INIT;

	lite_open(&lite, ":memory:", LITE_CREATE, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct rows rows = { 0 };

		if (lite_query(&lite, parts[i].sql, &json, 1, &rows) == 0)
			parts[i].take(p, &rows);
		rows_free(&rows);
	}
	lite_free(&lite);
}

void properties_of_manifest(struct properties *p, const struct manifest *m)
{
	manifest_set(&p->encoding, m->encoding);
	manifest_set(&p->provider, m->locale_provider);
	manifest_set(&p->collate, m->collate);
	manifest_set(&p->ctype, m->ctype);
	manifest_set(&p->locale, m->locale);
	manifest_set(&p->rules, m->icu_rules);
	manifest_set(&p->owner, m->owner);
	if (m->properties)
		take_json(p, m->properties);
}

/* --- looking --- */

char *properties_form(const struct properties *p)
{
	struct buf text = BUF_INIT;
	const char *locale = p->locale ? p->locale : p->collate;

	buf_puts(&text, p->encoding ? p->encoding : "UTF8");
	if (locale)
		buf_printf(&text, ", %s %s", p->provider ? p->provider : "libc", locale);
	if (!p->locale && p->ctype && p->collate && strcmp(p->ctype, p->collate) != 0)
		buf_printf(&text, " (LC_CTYPE %s)", p->ctype);
	if (p->rules)
		buf_puts(&text, " with ICU rules");
	return buf_detach(&text);
}

static void note(struct strs *roles, const char *role)
{
	if (role && !strs_has(roles, role))
		strs_add(roles, role);
}

void properties_roles(const struct properties *p, struct strs *roles)
{
	for (size_t i = 0; i < p->n_rights; i++)
		note(roles, p->rights[i].role);
	for (size_t i = 0; i < p->n_settings; i++)
		note(roles, p->settings[i].role);
}

char *properties_words(const struct properties *p)
{
	struct strs words = { 0 };
	struct buf text = BUF_INIT;

	if (p->n_rights)
		strs_add(&words, "rights");
	if (p->connection_limit >= 0)
		strs_add(&words, "connection limit");
	if (p->comment)
		strs_add(&words, "comment");
	for (size_t i = 0; i < p->n_settings; i++)
		note(&words, p->settings[i].name);
	for (size_t i = 0; i < words.n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", words.v[i]);
	strs_free(&words);
	return buf_detach(&text);
}

/* --- leaving out --- */

void properties_without(struct properties *p, const struct strs *roles)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rights; i++) {
		if (p->rights[i].role && strs_has(roles, p->rights[i].role))
			free_right(&p->rights[i]);
		else
			p->rights[n++] = p->rights[i];
	}
	p->n_rights = n;
	for (size_t i = p->n_settings; i-- > 0;)
		if (p->settings[i].role && strs_has(roles, p->settings[i].role))
			properties_drop_setting(p, i);
	if (p->owner && strs_has(roles, p->owner))
		manifest_set(&p->owner, NULL);
}

void properties_disown(struct properties *p, const char *role)
{
	for (size_t i = 0; i < p->n_rights; i++)
		if (p->owner && p->rights[i].role && strcmp(p->rights[i].role, p->owner) == 0)
			manifest_set(&p->rights[i].role, role);
	manifest_set(&p->owner, NULL);
}

void properties_bare(struct properties *p)
{
	for (size_t i = 0; i < p->n_rights; i++)
		free_right(&p->rights[i]);
	p->n_rights = 0;
	while (p->n_settings)
		properties_drop_setting(p, p->n_settings - 1);
	manifest_set(&p->comment, NULL);
	p->connection_limit = -1;
	p->is_template = false;
}

void properties_free(struct properties *p)
{
	char **texts[] = { &p->encoding, &p->provider, &p->collate, &p->ctype, &p->locale, &p->rules,
		           &p->tablespace, &p->owner, &p->client_encoding };

	properties_bare(p);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(*texts[i]);
	free(p->rights);
	free(p->settings);
	*p = (struct properties)PROPERTIES_INIT;
}
