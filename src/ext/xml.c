/* xml - reads the XML that a server answered, by Expat. */
#include "ext/xml.h"

#include <limits.h>
#include <string.h>

#include <expat.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/msg.h"
#include "base/status.h"

#define DEPTH 32

struct xml_reader {
	XML_Parser parser;
	void (*element)(void *arg, const char *path, const char *text);
	void *arg;
	struct buf path;         /* of the open elements */
	struct buf texts[DEPTH]; /* of each */
	size_t depth;
};

/* What follows a name's prefix ('Namespaces in XML 1.0', QName); NULL when it is none. */
static const char *local_part(const char *name)
{
	const char *colon = strchr(name, ':');

	if (!colon)
		return name;
	return colon != name && colon[1] && !strchr(colon + 1, ':') ? colon + 1 : NULL;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *r = arg;
	const char *local = local_part(name);

	(void)attributes;
	if (r->depth == DEPTH || !local) {
		XML_StopParser(r->parser, XML_FALSE);
		return;
	}
	if (r->depth)
		buf_putc(&r->path, '/');
	buf_puts(&r->path, local);
	r->texts[r->depth++] = (struct buf)BUF_INIT;
}

/* After XML_StopParser, the end of an empty element is still heard (expat.h, XML_StopParser): it has not
 * begun here. */
static bool is_stopped(const struct xml_reader *r)
{
	XML_ParsingStatus status;

	XML_GetParsingStatus(r->parser, &status);
	return status.parsing == XML_FINISHED;
}

static void on_end(void *arg, const XML_Char *name)
{
	struct xml_reader *r = arg;
	const char *slash = strrchr(r->path.data, '/');

	(void)name;
	if (is_stopped(r))
		return;
	r->element(r->arg, r->path.data, r->texts[r->depth - 1].data);
	buf_free(&r->texts[--r->depth]);
	buf_cut(&r->path, slash ? (size_t)(slash - r->path.data) : 0);
}

static void on_text(void *arg, const XML_Char *text, int len)
{
	struct xml_reader *r = arg;

	if (!is_stopped(r))
		buf_add(&r->texts[r->depth - 1], text, (size_t)len);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                       int has_subset)
{
	struct xml_reader *r = arg;

	(void)name, (void)system_id, (void)public_id, (void)has_subset;
	XML_StopParser(r->parser, XML_FALSE);
}

static int parse(struct xml_reader *r, const char *xml, size_t len)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	return len <= INT_MAX && XML_Parse(r->parser, xml, (int)len, XML_TRUE) == XML_STATUS_OK ? 0 : -1;
}

int xml_read(const char *xml, size_t len,
             void (*element)(void *arg, const char *path, const char *text), void *arg)
{
	struct xml_reader r = {
		.parser = XML_ParserCreate("UTF-8"), .element = element, .arg = arg, .path = BUF_INIT
	};
	int rc;

	if (!r.parser)
		die(CANNOT_WRITE, "out of memory (XML)");
	rc = parse(&r, xml, len);
	while (r.depth)
		buf_free(&r.texts[--r.depth]);
	buf_free(&r.path);
	XML_ParserFree(r.parser);
	return rc;
}
