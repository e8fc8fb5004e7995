/* s3_memory_bucket - what is in the bucket of s3_memory, and what it answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "db/url.h"
#include "s3_memory_parts.h"

#define PARTS_MAX 64

struct memory_object {
	char *key, *etag;
	struct buf bytes;
};

struct memory_upload {
	char *key, *id, *begun;
	struct buf parts[PARTS_MAX];
	size_t n;
};

static struct memory_object *objects;
static struct memory_upload *uploads;
static size_t object_count, upload_count, begun_count;

/* --- what there is --- */

static struct memory_object *find_object(const char *key)
{
	for (size_t i = 0; i < object_count; i++)
		if (strcmp(objects[i].key, key) == 0)
			return &objects[i];
	return NULL;
}

static struct memory_upload *find_upload(const char *key, const char *id)
{
	for (size_t i = 0; i < upload_count; i++)
		if (strcmp(uploads[i].key, key) == 0 && strcmp(uploads[i].id, id) == 0)
			return &uploads[i];
	return NULL;
}

static void drop_object(struct memory_object *o)
{
	free(o->key);
	free(o->etag);
	buf_free(&o->bytes);
	*o = objects[--object_count];
}

static void drop_upload(struct memory_upload *u)
{
	free(u->key);
	free(u->id);
	free(u->begun);
	for (size_t i = 0; i < u->n; i++)
		buf_free(&u->parts[i]);
	*u = uploads[--upload_count];
}

static char *etag_of(const void *bytes, size_t len, size_t parts)
{
	unsigned char digest[HASH_MD5_BYTES];
	struct buf text = BUF_INIT;

	hash_md5(bytes, len, digest);
	buf_putc(&text, '"');
	for (size_t i = 0; i < HASH_MD5_BYTES; i++)
		buf_printf(&text, "%02x", digest[i]);
	if (parts)
		buf_printf(&text, "-%zu", parts);
	buf_putc(&text, '"');
	return buf_detach(&text);
}

void memory_store(const char *key, const void *bytes, size_t len)
{
	struct memory_object *o = find_object(key);

	if (o)
		drop_object(o);
	objects = xrealloc(objects, (object_count + 1) * sizeof(*objects));
	o = &objects[object_count++];
	*o = (struct memory_object){ .key = xstrdup(key), .etag = etag_of(bytes, len, 0), .bytes = BUF_INIT };
	buf_add(&o->bytes, bytes, len);
}

void memory_begin(const char *key, const char *begun)
{
	uploads = xrealloc(uploads, (upload_count + 1) * sizeof(*uploads));
	uploads[upload_count++] = (struct memory_upload){ .key = xstrdup(key), .begun = xstrdup(begun),
		                                          .id = xasprintf("u%zu", ++begun_count) };
}

const char *memory_text(const char *key)
{
	struct memory_object *o = find_object(key);

	return o ? o->bytes.data : NULL;
}

size_t memory_objects(void)
{
	return object_count;
}

size_t memory_uploads(void)
{
	return upload_count;
}

/* --- what it answers --- */

void memory_say(struct http_answer *a, long code, const char *body)
{
	a->code = code;
	buf_cut(&a->body, 0);
	buf_puts(&a->body, body);
}

static void say_error(struct http_answer *a, long code, const char *word)
{
	char *body = xasprintf("<Error><Code>%s</Code><Message>so it is</Message></Error>", word);

	memory_say(a, code, body);
	free(body);
}

/* The value of a query's parameter, decoded; the caller frees it. "" where there is none. */
static char *parameter(const char *query, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return url_decode(at + len + 1, strcspn(at + len + 1, "&"));
	return xstrdup("");
}

static const char *sent_header(const struct http_request *r, const char *name)
{
	struct http_answer a = { .headers = r->headers };

	return http_header(&a, name);
}

static void add_part(struct http_answer *a, struct memory_upload *u, size_t number,
                     const struct http_request *r)
{
	char *etag = etag_of(r->body, r->len, 0);

	for (; u->n < number && u->n < PARTS_MAX; u->n++)
		u->parts[u->n] = (struct buf)BUF_INIT;
	buf_cut(&u->parts[number - 1], 0);
	buf_add(&u->parts[number - 1], r->body, r->len);
	strs_printf(&a->headers, "ETag: %s", etag);
	memory_say(a, 200, "");
	free(etag);
}

/* The parts' ETags must be named in their order. */
static bool are_named(const struct memory_upload *u, const char *xml)
{
	for (size_t i = 0; i < u->n && xml; i++) {
		char *etag = etag_of(u->parts[i].data, u->parts[i].len, 0);
		char *part = xasprintf(
			"<Part><PartNumber>%zu</PartNumber><ETag>&#34;%.32s&#34;</ETag></Part>", i + 1,
			etag + 1);

		xml = strstr(xml, part);
		free(part);
		free(etag);
	}
	return xml;
}

static void finish(struct http_answer *a, struct memory_upload *u, const struct http_request *r)
{
	struct buf all = BUF_INIT, digests = BUF_INIT;
	struct memory_object *o;
	unsigned char digest[HASH_MD5_BYTES];

	if (!are_named(u, r->body)) {
		say_error(a, 400, "InvalidPart");
		return;
	}
	for (size_t i = 0; i < u->n; i++) {
		hash_md5(u->parts[i].data, u->parts[i].len, digest);
		buf_add(&digests, digest, sizeof(digest));
		buf_add(&all, u->parts[i].data, u->parts[i].len);
	}
	memory_store(u->key, all.data, all.len);
	o = find_object(u->key);
	free(o->etag);
	o->etag = etag_of(digests.data, digests.len, u->n);
	drop_upload(u);
	memory_say(a, 200, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
	buf_free(&all);
	buf_free(&digests);
}

static void use_upload(struct http_answer *a, const struct http_request *r, const char *key,
                       const char *query)
{
	char *id = parameter(query, "uploadId"), *number = parameter(query, "partNumber");
	struct memory_upload *u = find_upload(key, id);

	if (!u) {
		say_error(a, 404, "NoSuchUpload");
	} else if (strcmp(r->method, "PUT") == 0) {
		add_part(a, u, (size_t)atol(number), r);
	} else if (strcmp(r->method, "POST") == 0) {
		finish(a, u, r);
	} else {
		drop_upload(u);
		memory_say(a, 204, "");
	}
	free(id);
	free(number);
}

/* As Amazon's: a space is a plus. */
static void add_name(struct buf *xml, const char *name)
{
	struct buf text = BUF_INIT;

	http_encode(&text, name, true);
	for (const char *at = text.data; *at; at++) {
		bool space = strncmp(at, "%20", 3) == 0;

		buf_putc(xml, space ? '+' : *at);
		at += space ? 2 : 0;
	}
	buf_free(&text);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct memory_object *)a)->key, ((const struct memory_object *)b)->key);
}

static void list_objects(struct http_answer *a, const char *query)
{
	char *prefix = parameter(query, "prefix"), *token = parameter(query, "continuation-token");
	struct buf xml = BUF_INIT;
	size_t from = (size_t)atol(token), passed = 0;

	if (object_count)
		qsort(objects, object_count, sizeof(*objects), compare_keys);
	buf_puts(&xml, "<ListBucketResult><EncodingType>url</EncodingType>");
	for (size_t i = 0; i < object_count; i++) {
		if (!skip_prefix(objects[i].key, prefix) || ++passed <= from || passed > from + memory.page)
			continue;
		buf_puts(&xml, "<Contents><Key>");
		add_name(&xml, objects[i].key);
		buf_printf(&xml, "</Key><Size>%zu</Size></Contents>", objects[i].bytes.len);
	}
	if (passed > from + memory.page)
		buf_printf(
			&xml,
			"<IsTruncated>true</IsTruncated><NextContinuationToken>%zu</NextContinuationToken>",
			from + memory.page);
	buf_puts(&xml, "</ListBucketResult>");
	memory_say(a, 200, xml.data);
	buf_free(&xml);
	free(prefix);
	free(token);
}

static void list_uploads(struct http_answer *a, const char *query)
{
	char *prefix = parameter(query, "prefix");
	struct buf xml = BUF_INIT;

	buf_puts(&xml, "<ListMultipartUploadsResult><EncodingType>url</EncodingType>");
	for (size_t i = 0; i < upload_count; i++) {
		if (!skip_prefix(uploads[i].key, prefix))
			continue;
		buf_puts(&xml, "<Upload><Key>");
		add_name(&xml, uploads[i].key);
		buf_printf(&xml, "</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>",
		           uploads[i].id, uploads[i].begun);
	}
	buf_puts(&xml, "</ListMultipartUploadsResult>");
	memory_say(a, 200, xml.data);
	buf_free(&xml);
	free(prefix);
}

static void give(struct http_answer *a, const struct http_request *r, const char *key)
{
	const struct memory_object *o = find_object(key);
	const char *range = sent_header(r, "Range");
	size_t from = range ? (size_t)atol(range + strlen("bytes=")) : 0;

	if (!o) {
		if (strcmp(r->method, "HEAD") == 0)
			memory_say(a, 404, "");
		else
			say_error(a, 404, "NoSuchKey");
		return;
	}
	strs_printf(&a->headers, "ETag: %s", o->etag);
	strs_printf(&a->headers, "Content-Length: %zu", o->bytes.len - from);
	memory_say(a, range ? 206 : 200, "");
	if (strcmp(r->method, "GET") == 0)
		buf_add(&a->body, o->bytes.data + from, o->bytes.len - from);
}

static void answer_object(struct http_answer *a, const struct http_request *r, const char *key)
{
	struct memory_object *o = find_object(key);

	if (strcmp(r->method, "PUT") == 0) {
		memory_store(key, r->body, r->len);
		strs_printf(&a->headers, "ETag: %s", find_object(key)->etag);
		memory_say(a, 200, "");
	} else if (strcmp(r->method, "DELETE") == 0) {
		if (o)
			drop_object(o);
		memory_say(a, 204, "");
	} else {
		give(a, r, key);
	}
}

void memory_answer(struct http_answer *a, const struct http_request *r)
{
	const char *path = r->url + strlen(MEMORY_BASE), *query = strchr(path, '?');
	char *key = url_decode(path, strcspn(path, "?")), *body;

	query = query ? query + 1 : "";
	if (!*key && strstr(query, "list-type=2")) {
		list_objects(a, query);
	} else if (!*key) {
		list_uploads(a, query);
	} else if (strcmp(query, "uploads=") == 0) {
		memory_begin(key, "2026-11-25T12:00:00.000Z");
		body = xasprintf("<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
		                 "</InitiateMultipartUploadResult>", uploads[upload_count - 1].id);
		memory_say(a, 200, body);
		free(body);
	} else if (strstr(query, "uploadId=")) {
		use_upload(a, r, key, query);
	} else {
		answer_object(a, r, key);
	}
	free(key);
}

void memory_forget(void)
{
	while (object_count)
		drop_object(&objects[object_count - 1]);
	while (upload_count)
		drop_upload(&uploads[upload_count - 1]);
	free(objects);
	free(uploads);
	objects = NULL;
	uploads = NULL;
	begun_count = 0;
}
