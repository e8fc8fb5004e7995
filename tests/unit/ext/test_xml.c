/* Unit tests of ext/xml. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "ext/xml.h"

static void note(void *arg, const char *path, const char *text)
{
	buf_printf(arg, "%s=%s;", path, text);
}

static void assert_reads(const char *xml, const char *wanted)
{
	struct buf heard = BUF_INIT;

	assert_int_equal(xml_read(xml, strlen(xml), note, &heard), 0);
	assert_string_equal(heard.data, wanted);
	buf_free(&heard);
}

static void assert_refuses(const char *xml, size_t len)
{
	struct buf heard = BUF_INIT;

	assert_int_equal(xml_read(xml, len, note, &heard), -1);
	buf_free(&heard);
}

static void elements_are_heard_at_their_end_by_their_paths(void **state)
{
	(void)state;
	assert_reads("<a>1</a>", "a=1;");
	assert_reads("<a><b>1</b><b>2</b><c/></a>", "a/b=1;a/b=2;a/c=;a=;");
	assert_reads("\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<a/>\n<!-- behind -->", "a=;");
	assert_reads("<a>x<b>y</b>z</a>", "a/b=y;a=xz;");
}

static void prefixes_and_attributes_are_skipped(void **state)
{
	(void)state;
	assert_reads("<s3:a xmlns:s3='u:r/l' x = \">/'\" ><s3:b>1</s3:b ></s3:a>", "a/b=1;a=;");
}

static void entities_and_cdata_are_texts(void **state)
{
	(void)state;
	assert_reads("<a>&lt;&gt;&amp;&quot;&apos;&#34;&#x41;&#xe9;&#8364;&#x1F600;</a>",
	             "a=<>&\"'\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80;");
	assert_reads("<a><![CDATA[<b>&amp;]]></a>", "a=<b>&amp;;");
}

static void what_is_cut_off_or_crossed_is_refused(void **state)
{
	static const char whole[] = "<a x='1'><b>&amp;</b><!-- c --><![CDATA[d]]></a>";

	(void)state;
	assert_reads(whole, "a/b=&;a=d;");
	for (size_t len = 0; len < strlen(whole); len++)
		assert_refuses(whole, len);
	assert_refuses("<a></b>", 7);
	assert_refuses("<a></a></a>", 11);
	assert_refuses("<a/><b/>", 8);
	assert_refuses("<a/>text", 8);
}

static void names_are_names(void **state)
{
	static const char *const bad[] = { "<:!></:!>", "<!/>", "<:a/>", "<a:/>", "<a:b:c/>", "<1/>", "<-/>", "<a!/>",
		                           "<a \x01='1'/>", "<a b/>", "<\x7f/>" };

	(void)state;
	assert_reads("<_x-1.y/>", "_x-1.y=;");
	assert_reads("<\xC3\xA9:\xC3\xA9/>", "\xC3\xA9=;");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_refuses(bad[i], strlen(bad[i]));
}

static void nothing_that_can_grow_or_hide_is_taken(void **state)
{
	struct buf deep = BUF_INIT;

	(void)state;
	assert_refuses("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 40);
	assert_refuses("<a>&b;</a>", 10);
	assert_refuses("<a>&#0;</a>", 11);
	assert_refuses("<!DOCTYPE a><a/>", 16);
	assert_refuses("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", 44);
	assert_refuses("<a>&#1;</a>", 11);
	assert_refuses("<a>\xff</a>", 8);
	assert_refuses("<a b='1' b='2'/>", 16);
	assert_refuses("<a>&#xD800;</a>", 15);
	assert_refuses("<a>&#x110000;</a>", 17);
	assert_refuses("<a>\0</a>", 8);
	for (int i = 0; i < 40; i++)
		buf_puts(&deep, "<a>");
	for (int i = 0; i < 40; i++)
		buf_puts(&deep, "</a>");
	assert_refuses(deep.data, deep.len);
	buf_free(&deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_heard_at_their_end_by_their_paths),
		cmocka_unit_test(prefixes_and_attributes_are_skipped),
		cmocka_unit_test(entities_and_cdata_are_texts),
		cmocka_unit_test(what_is_cut_off_or_crossed_is_refused),
		cmocka_unit_test(names_are_names),
		cmocka_unit_test(nothing_that_can_grow_or_hide_is_taken),
	};

	return unit_run("xml", tests, NULL, NULL);
}
