/* Unit tests of what reads migration files, and of what counts as missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "check/checks.h"
#include "check/kinds.h"
#include "ext/lite.h"
#include "migrated/alembic.h"
#include "migrated/django.h"
#include "migrated/django_label.h"
#include "migrated/drizzle.h"
#include "migrated/migration.h"

/* --- alembic --- */

static void a_revision_file_is_read(void **state)
{
	static const char text[] =
		"\"\"\"add\n\nRevision ID: 9c01\nRevises: 4f2a, 77aa\n\"\"\"\n"
		"from alembic import op\n\n"
		"revision: str = '9c01'\ndown_revision: Union[str, None] = (\n    '4f2a',\n    \"77aa\",\n)\n"
		"branch_labels = ('cache',)\ndepends_on = 'b0'\n\n\ndef upgrade():\n    revision = 1\n";
	struct buf error = BUF_INIT;
	struct revision r;

	(void)state;
	assert_int_equal(0, revision_read(&r, text, strlen(text), &error));
	assert_string_equal(r.id, "9c01");
	assert_int_equal(r.down.n, 2);
	assert_string_equal(r.down.v[1], "77aa");
	assert_string_equal(r.depends.v[0], "b0");
	assert_string_equal(r.labels.v[0], "cache");
	revision_free(&r);
	buf_free(&error);
}

static void a_revision_that_is_not_plain_is_none(void **state)
{
	static const char *const table[][2] = {
		{ "revision = f()\ndown_revision = None", "its revision is not" },
		{ "revision = None\ndown_revision = None", "its revision is not" },
		{ "revision = ''\ndown_revision = None", "its revision is not" },
		{ "revision = 'a'\ndown_revision = b", "its down_revision is not" },
		{ "revision = 'a'\ndown_revision = ('b', c)", "its down_revision is not" },
		{ "revision = 'a'\ndown_revision = ('b', None)", "its down_revision is not" },
		{ "down_revision = 'b'", "its revision is not" },
		{ "revision = 'a'\ndown_revision = None\ndepends_on = x", "its depends_on is not" },
		{ "revision = 'a'\nif x:\n  down_revision = None", "its down_revision is not" },
		{ "revision = 'a'\ndown_revision = True", "its down_revision is not" },
		{ "revision = 'a", "line 1: a string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf error = BUF_INIT;
		struct revision r;

		assert_int_equal(BAD_DATA, revision_read(&r, table[i][0], strlen(table[i][0]), &error));
		assert_holds(error.data, table[i][1]);
		assert_null(r.id);
		revision_free(&r);
		buf_free(&error);
	}
}

static void what_follows_nothing_is_no_revision(void **state)
{
	static const char *const sources[] = { "", "x = 1", "revision = 'a'", "revision = f()",
		                               "class C:\n  revision = 'a'\n  down_revision = None",
		                               "def f():\n  down_revision = None" };

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		struct buf error = BUF_INIT;
		struct revision r;

		assert_int_equal(0, revision_read(&r, sources[i], strlen(sources[i]), &error));
		assert_null(r.id);
		revision_free(&r);
		buf_free(&error);
	}
}

static void no_text_at_all_is_nothing_to_follow(void **state)
{
	static const char text[] = "revision = 'a'\ndown_revision = ''\n";
	struct buf error = BUF_INIT;
	struct revision r;

	(void)state;
	assert_int_equal(0, revision_read(&r, text, strlen(text), &error));
	assert_int_equal(r.down.n, 0);
	revision_free(&r);
	buf_free(&error);
}

/* A history from `id down down ...` a word list each, `+name` depends, `@name` is a label. */
static int make_history(struct revisions *h, const char *const *lines, struct buf *error)
{
	*h = (struct revisions){ 0 };
	for (; *lines; lines++) {
		struct strs words = { 0 };
		struct revision r = { 0 };

		strs_split(&words, *lines, " ");
		r.id = xstrdup(words.v[0]);
		for (size_t i = 1; i < words.n; i++)
			strs_add(*words.v[i] == '+'   ? &r.depends
			         : *words.v[i] == '@' ? &r.labels
			                              : &r.down,
			         words.v[i] + strspn(words.v[i], "+@"));
		h->v = xrealloc(h->v, (h->n + 1) * sizeof(*h->v));
		h->v[h->n++] = r;
		strs_free(&words);
	}
	return revisions_link(h, error);
}

static void heads_are_what_nothing_follows(void **state)
{
	static const struct {
		const char *lines[8], *heads, *at;
		bool reached;
	} table[] = {
		{ { "a" }, "a ", "a", true },
		{ { "a" }, "a ", "", false },
		{ { "a", "b a", "c b" }, "c ", "b", false },
		{ { "c b", "b a", "a" }, "c ", "c", true },
		{ { "a", "b a", "c a" }, "b c ", "b", false },
		{ { "a", "b a", "c a" }, "b c ", "b c", true },
		{ { "a", "b a", "c a", "d b c" }, "d ", "b c", false },
		{ { "a", "b a", "c a", "d b c" }, "d ", "d", true },
		{ { "a", "z +a" }, "z ", "z", true },
		{ { "a @base", "b a", "z +base" }, "b z ", "z", false },
		{ { "a @base", "b a", "z +base" }, "b z ", "z b", true },
		/* What another head implies may stand there too. */
		{ { "a", "z +a" }, "z ", "a z", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct strs heads = { 0 }, at = { 0 }, unknown = { 0 };
		struct buf error = BUF_INIT, found = BUF_INIT;
		struct revisions h;

		if (make_history(&h, table[i].lines, &error))
			fail_msg("%zu: %s", i, error.data);
		revisions_heads(&h, &heads);
		for (size_t k = 0; k < heads.n; k++)
			buf_printf(&found, "%s ", heads.v[k]);
		assert_string_equal(found.data, table[i].heads);
		strs_split(&at, table[i].at, " ");
		assert_int_equal(revisions_reached(&h, &at, &unknown), table[i].reached);
		assert_int_equal(unknown.n, 0);
		revisions_free(&h);
		strs_free(&heads);
		strs_free(&at);
		buf_free(&error);
		buf_free(&found);
	}
}

static void a_history_that_does_not_hang_together_is_refused(void **state)
{
	static const struct {
		const char *lines[4], *words;
	} table[] = {
		{ { "a", "a" }, "in two files" },     { { "a b", "b a" }, "in a circle" },
		{ { "a a" }, "in a circle" },         { { "a", "b gone" }, "revision 'gone'" },
		{ { "a", "b +gone" }, "'gone'" },     { { "a", "c b a", "b c" }, "in a circle" },
		{ { "a +b", "b a" }, "in a circle" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf error = BUF_INIT;
		struct revisions h;

		assert_int_equal(BAD_DATA, make_history(&h, table[i].lines, &error));
		assert_holds(error.data, table[i].words);
		revisions_free(&h);
		buf_free(&error);
	}
}

static void a_revision_that_no_file_has_is_unknown(void **state)
{
	static const char *const lines[] = { "a", "b a", NULL };
	struct strs at = { 0 }, unknown = { 0 };
	struct buf error = BUF_INIT;
	struct revisions h;

	(void)state;
	assert_int_equal(0, make_history(&h, lines, &error));
	strs_split(&at, "b c", " ");
	assert_true(revisions_reached(&h, &at, &unknown));
	assert_int_equal(unknown.n, 1);
	assert_string_equal(unknown.v[0], "c");
	revisions_free(&h);
	strs_free(&at);
	strs_free(&unknown);
	buf_free(&error);
}

/* --- django --- */

static void a_migration_says_what_it_replaces(void **state)
{
	static const char *const table[][2] = {
		{ "class Migration(migrations.Migration):\n    operations = []\n", "" },
		{ "class Migration(M):\n  replaces = []\n", "" },
		{ "class Migration(M):\n  replaces = [('shop', '0001_a'), (\"shop\", \"0002_b\")]\n",
		  "shop.0001_a shop.0002_b " },
		{ "class Migration(M):\n  replaces: list = [\n    ('shop', '0001_a'),\n  ]\n", "shop.0001_a " },
		{ "class Migration(M):\n  replaces = (('shop', '0001_a'),)\n", "shop.0001_a " },
		{ "replaces = [('x', 'y')]\nclass Migration(M):\n  def f(self):\n    replaces = 1\n", "" },
		{ "class Migration(M):\n  operations = [Op(replaces=[('x', 'y')])]\n", "" },
		/* A column of that name, and the class used for what is not that. */
		{ "from x import Migration as M\ndef f(apps, e):\n  apps.get_model('a').replaces = 1\n"
		  "class Migration(M):\n  operations = [Add(name='replaces')]\n  def __init__(self, *a):\n"
		  "    super(Migration, self).__init__(*a)\ndef g(row):\n  row.replaces = 1\n"
		  "Migration.operations += []\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf error = BUF_INIT, found = BUF_INIT;
		struct django d;

		if (django_read(&d, table[i][0], strlen(table[i][0]), &error))
			fail_msg("%s: %s", table[i][0], error.data);
		for (size_t k = 0; k < d.replaces.n; k++)
			buf_printf(&found, "%s ", d.replaces.v[k]);
		assert_string_equal(found.data, table[i][1]);
		strs_free(&d.replaces);
		buf_free(&error);
		buf_free(&found);
	}
}

static void a_migration_that_is_not_plain_is_none(void **state)
{
	static const char *const sources[] = {
		"", "x = 1", "class Other(M):\n  pass", "class Migration(M):\n  replaces = f()",
		"class Migration(M):\n  replaces = [('a',)]", "class Migration(M):\n  replaces = [('a', b)]",
		"class Migration(M):\n  replaces = ['a']", "class Migration(M):\n  replaces = 'a'",
		"class Migration(M):\n  if x:\n    replaces = []", "class Migration(M):\n  replaces += [('a', 'b')]",
		"class Migration(M):\n  pass\nclass Migration(M):\n  pass", "class Migration(M):\n  x = (",
		"if x:\n  class Migration(M):\n    pass", "class Migration(M): replaces = [('a', 'b')]",
		"class Migration(M):\n  replaces = [(None, 'a')]", "class Migration(M):\n  replaces = [('a', None)]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		struct buf error = BUF_INIT;
		struct django d;

		if (!django_read(&d, sources[i], strlen(sources[i]), &error))
			fail_msg("%s", sources[i]);
		assert_true(error.len);
		strs_free(&d.replaces);
		buf_free(&error);
	}
}

#define SQUASHED "class Migration(M):\n  replaces = [('a', 'b')]\n"

static void a_migration_that_changes_what_it_replaces_is_not_believed(void **state)
{
	static const char *const sources[] = {
		SQUASHED "Migration.replaces = []", SQUASHED "  replaces.clear()",
		SQUASHED "  other = replaces", SQUASHED "  def __init__(s, *a):\n    s.replaces = []",
		SQUASHED "del Migration.replaces", SQUASHED "setattr(Migration, 'replaces', [])",
		SQUASHED "if x:\n  Migration.replaces = []", SQUASHED "  locals()['replaces'] = []",
		"@empty\n" SQUASHED, "@empty\n# why\n@other(1)\n\n" SQUASHED, SQUASHED "empty(Migration)",
		SQUASHED "Migration = other", SQUASHED "from other import Migration",
		SQUASHED "m = Migration\nm.x = []", SQUASHED "Migration.__init__ = f",
		SQUASHED "def f():\n  Migration.replaces = []\nf()",
		"class Migration(M, metaclass=X):\n  replaces = [('a', 'b')]",
		"class Migration(M):\n  x = 1\nMigration.replaces = [('a', 'b')]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		struct buf error = BUF_INIT;
		struct django d;

		if (!django_read(&d, sources[i], strlen(sources[i]), &error))
			fail_msg("%s", sources[i]);
		assert_non_null(strstr(error.data, "changed elsewhere"));
		strs_free(&d.replaces);
		buf_free(&error);
	}
}

static void an_app_has_the_label_of_its_config(void **state)
{
	/* NULL: there is no config. "?": it is not plain. */
	static const char *const table[][2] = {
		{ "", NULL }, { "x = 1", NULL }, { "class A(Model):\n  label = 'x'", NULL },
		{ "class A(AppConfig):\n  name = 'project.folder'", "folder" },
		{ "class A(AppConfig):\n  label = 'other'", "other" },
		{ "class A(apps.AppConfig):\n  label = \"other\"", "other" },
		{ "class A(AppConfig):\n  label = f()", "?" },
		{ "class A(AppConfig):\n  label = 'a'\nclass B(AppConfig):\n  label = 'b'", "?" },
		{ "class A(AppConfig):\n  label = 'a'\nclass B(AppConfig):\n  pass", "?" },
		{ "class A(AppConfig):\n  label = 'a'\nclass B(AppConfig):\n  label = 'b'\n  default = True", "b" },
		{ "class A(AppConfig):\n  label = 'a'\n  default = True\nclass B(AppConfig):\n  label = 'b'", "a" },
		{ "class BConfig(AppConfig):\n  label = 'a'\nclass C(BConfig):\n  x = 1", "a" },
		{ "class BConfig(AppConfig):\n  x = 1\nclass C(BConfig):\n  label = 'c'", "c" },
		{ "class A(AppConfig):\n  x = 1\nclass C(AppConfig):\n  default = True", "folder" },
		{ "class A(AppConfig):\n  def ready(self):\n    label = 'x'", "folder" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *want = table[i][1];
		struct buf error = BUF_INIT;
		char *label;
		int rc = django_label_read(table[i][0], strlen(table[i][0]), "folder", &label, &error);

		if (rc != (want && *want == '?' ? BAD_DATA : 0))
			fail_msg("%s: %d %s", table[i][0], rc, error.data);
		if (!rc && (want ? !label || strcmp(label, want) != 0 : label != NULL))
			fail_msg("%s: %s", table[i][0], label ? label : "no config");
		free(label);
		buf_free(&error);
	}
}

/* From `name replaced replaced ...` a migration each. */
static void make_djangos(struct djangos *all, const char *const *lines)
{
	*all = (struct djangos){ 0 };
	for (; *lines; lines++) {
		struct strs words = { 0 };
		struct django d = { 0 };

		strs_split(&words, *lines, " ");
		d.name = xstrdup(words.v[0]);
		for (size_t i = 1; i < words.n; i++)
			strs_add(&d.replaces, words.v[i]);
		all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
		all->v[all->n++] = d;
		strs_free(&words);
	}
}

static void squashed_migrations_stand_for_those_they_replace(void **state)
{
	static const struct {
		const char *lines[8], *applied, *missing;
		size_t total;
	} table[] = {
		{ { "s.1", "s.2" }, "s.1", "s.2 ", 2 },
		{ { "s.1", "s.2" }, "s.1 s.2 s.3 t.1", "", 2 },
		/* Neither: the squashed one is what is left to do. */
		{ { "s.1", "s.2", "s.Q s.1 s.2", "s.3" }, "", "s.3 s.Q ", 2 },
		{ { "s.1", "s.2", "s.Q s.1 s.2", "s.3" }, "s.1 s.2", "s.3 ", 2 },
		{ { "s.1", "s.2", "s.Q s.1 s.2", "s.3" }, "s.1 s.2 s.Q s.3", "", 2 },
		/* In part: the others, one by one, also where their files are gone. */
		{ { "s.1", "s.2", "s.Q s.1 s.2", "s.3" }, "s.1 s.3", "s.2 ", 3 },
		{ { "s.Q s.1 s.2", "s.3" }, "s.1 s.3", "s.2 ", 2 },
		{ { "s.Q s.1 s.2", "s.3" }, "s.1 s.2 s.3", "", 2 },
		/* Its own row counts only once it replaces nothing any more (MigrationLoader). */
		{ { "s.Q s.1 s.2" }, "s.Q", "s.Q ", 1 },
		{ { "s.Q" }, "s.Q", "", 1 },
		{ { "s.Q" }, "s.1 s.2", "s.Q ", 1 },
		/* Squashed again. */
		{ { "s.1", "s.2", "s.3", "s.Q s.1 s.2", "s.R s.Q s.3" }, "", "s.R ", 1 },
		{ { "s.1", "s.2", "s.3", "s.Q s.1 s.2", "s.R s.Q s.3" }, "s.1 s.2 s.3", "", 1 },
		{ { "s.1", "s.2", "s.3", "s.Q s.1 s.2", "s.R s.Q s.3" }, "s.1 s.2", "s.3 ", 2 },
		{ { "s.1", "s.2", "s.3", "s.Q s.1 s.2", "s.R s.Q s.3" }, "s.1", "s.2 s.3 ", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct strs applied = { 0 }, missing = { 0 };
		struct buf error = BUF_INIT, found = BUF_INIT;
		struct djangos all;
		size_t total;

		make_djangos(&all, table[i].lines);
		strs_split(&applied, table[i].applied, " ");
		migration_sort(&applied);
		assert_int_equal(0, djangos_missing(&all, &applied, &missing, &total, &error));
		for (size_t k = 0; k < missing.n; k++)
			buf_printf(&found, "%s ", missing.v[k]);
		if (strcmp(found.data, table[i].missing) != 0 || total != table[i].total)
			fail_msg("%zu: missing '%s' of %zu", i, found.data, total);
		djangos_free(&all);
		strs_free(&applied);
		strs_free(&missing);
		buf_free(&error);
		buf_free(&found);
	}
}

static void migrations_that_replace_each_other_are_refused(void **state)
{
	static const char *const lines[] = { "s.Q s.R", "s.R s.Q", NULL };
	struct strs applied = { 0 }, missing = { 0 };
	struct buf error = BUF_INIT;
	struct djangos all;
	size_t total;

	(void)state;
	make_djangos(&all, lines);
	assert_int_equal(BAD_DATA, djangos_missing(&all, &applied, &missing, &total, &error));
	assert_holds(error.data, "circle");
	djangos_free(&all);
	strs_free(&missing);
	buf_free(&error);
}

/* --- drizzle --- */

static void a_journal_is_read(void **state)
{
	static const char text[] = "{\"version\": \"7\", \"entries\": [{\"idx\": 0, \"when\": 1795269044016,"
	                           " \"tag\": \"0000_first\"}, {\"tag\": \"0001_second\", \"when\": 2}]}";
	static const char *const bad[] = {
		"", "{", "[1", "{\"entries\": [1]}", "{\"entries\": [{\"tag\": \"a\"}]}",
		"{\"entries\": [{\"when\": 1}]}", "{\"entries\": [{\"tag\": \"../a\", \"when\": 1}]}",
		"{\"entries\": [{\"tag\": \"a\", \"when\": \"x\"}]}", "{\"entries\": [{\"tag\": \"\", \"when\": 1}]}",
	};
	struct buf error = BUF_INIT;
	struct drizzles all;

	(void)state;
	assert_int_equal(0, drizzle_journal(&all, text, strlen(text), &error));
	assert_int_equal(all.n, 2);
	assert_string_equal(all.v[0].tag, "0000_first");
	assert_true(all.v[0].when == 1795269044016 && all.v[1].when == 2);
	drizzles_free(&all);
	assert_int_equal(0, drizzle_journal(&all, "{}", 2, &error));
	assert_int_equal(all.n, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_cut(&error, 0);
		if (!drizzle_journal(&all, bad[i], strlen(bad[i]), &error) || !error.len)
			fail_msg("%s", bad[i]);
		drizzles_free(&all);
	}
	buf_free(&error);
}

/* --- what is asked for --- */

static void the_argument_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *tool, *schema, *table, *dir;
		size_t revisions;
	} table[] = {
		{ "alembic", "alembic", NULL, "alembic_version", NULL, 0 },
		{ "alembic=4f2a", "alembic", NULL, "alembic_version", NULL, 1 },
		{ "alembic=4f2a,9c01", "alembic", NULL, "alembic_version", NULL, 2 },
		{ "alembic@/app/a=b:c@d", "alembic", NULL, "alembic_version", "/app/a=b:c@d", 0 },
		{ "alembic:v=4f2a", "alembic", NULL, "v", NULL, 1 },
		{ "alembic:audit.v@.", "alembic", "audit", "v", ".", 0 },
		{ "django@/app", "django", NULL, "django_migrations", "/app", 0 },
		{ "drizzle@d", "drizzle", "drizzle", "__drizzle_migrations", "d", 0 },
		{ "drizzle:moves", "drizzle", "drizzle", "moves", NULL, 0 },
		{ "drizzle:app.moves", "drizzle", "app", "moves", NULL, 0 },
	};
	static const char *const bad[] = { "", "flyway", "alembi", "Alembic", "alembic=", "alembic@", "alembic:",
		                           "alembic:=4f2a", "alembic:a.", "alembic:.a", "alembic=head",
		                           "alembic=heads", "=a", "@a", "alembic=,", "alembic 4f2a" };
	struct migration m;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!migrated_read(&m, table[i].text))
			fail_msg("%s", table[i].text);
		assert_string_equal(m.tool->name, table[i].tool);
		assert_string_equal(m.table, table[i].table);
		assert_string_equal(m.schema ? m.schema : "-", table[i].schema ? table[i].schema : "-");
		assert_string_equal(m.dir ? m.dir : "-", table[i].dir ? table[i].dir : "-");
		assert_int_equal(m.revisions.n, table[i].revisions);
		migration_free(&m);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (migrated_valid(bad[i]))
			fail_msg("'%s'", bad[i]);
}

/* --- files --- */

static void make_folder(const char *path)
{
	assert_int_equal(0, file_make_folders(path, 0755));
}

static void files_are_found_once_and_not_where_packages_are(void **state)
{
	struct strs paths = { 0 };
	struct buf error = BUF_INIT;

	(void)state;
	make_folder("tree/a/b");
	make_folder("tree/.git");
	make_folder("tree/venv/site-packages/x");
	make_folder("tree/__pycache__");
	put_text("tree/1.py", "");
	put_text("tree/1.txt", "");
	put_text("tree/a/b/2.py", "");
	put_text("tree/.git/3.py", "");
	put_text("tree/__pycache__/4.py", "");
	put_text("tree/venv/site-packages/x/5.py", "");
	make_folder("tree/a/folder.py");
	assert_int_equal(0, mkfifo("tree/pipe.py", 0600));
	assert_int_equal(0, symlink("..", "tree/a/up"));
	assert_int_equal(0, symlink("nowhere", "tree/lost.py"));
	assert_int_equal(0, symlink("1.txt", "tree/link.py"));
	assert_int_equal(0, migration_files("tree", ".py", CLOCK_NEVER, &paths, &error));
	assert_int_equal(paths.n, 3);
	assert_string_equal(paths.v[0], "tree/1.py");
	assert_string_equal(paths.v[1], "tree/a/b/2.py");
	assert_string_equal(paths.v[2], "tree/link.py");
	strs_free(&paths);
	buf_free(&error);
}

static void reading_files_is_bounded(void **state)
{
	struct strs paths = { 0 };
	struct buf error = BUF_INIT, text = BUF_INIT, deep = BUF_INIT;

	(void)state;
	make_folder("late");
	put_text("late/1.py", "");
	assert_int_equal(BAD_DATA, migration_files("late", ".py", clock_ms(), &paths, &error));
	assert_holds(error.data, "could not be read in time");
	buf_puts(&deep, "deep");
	for (int i = 0; i < 40; i++)
		buf_puts(&deep, "/d");
	make_folder(deep.data);
	buf_cut(&error, 0);
	assert_int_equal(BAD_DATA, migration_files("deep", ".py", CLOCK_NEVER, &paths, &error));
	assert_holds(error.data, "too deep");
	put_text("huge.py", "");
	assert_int_equal(0, truncate("huge.py", (4 << 20) + 1));
	buf_cut(&error, 0);
	assert_int_equal(BAD_DATA, migration_text("huge.py", CLOCK_NEVER, &text, &error));
	assert_holds(error.data, "cannot read 'huge.py'");
	strs_free(&paths);
	buf_free(&error);
	buf_free(&text);
	buf_free(&deep);
}

static void what_the_tools_do_not_load_is_passed_over(void **state)
{
	static const char *const others[] = { "_helper.py", "~0001_a.py", "0001_a.old.py", "0001_a.txt" };
	struct buf error = BUF_INIT;
	struct revisions h;
	struct djangos all;

	(void)state;
	/* A second one of version_locations, beside versions/. */
	make_folder("beside/versions");
	make_folder("beside/extra");
	put_text("beside/env.py", "import os\n");
	put_text("beside/versions/a.py", "revision = 'a'\ndown_revision = None\n");
	put_text("beside/extra/b.py", "revision = 'b'\ndown_revision = None\n");
	assert_int_equal(revisions_read(&h, "beside", CLOCK_NEVER, &error), 0);
	assert_int_equal(h.n, 2);
	revisions_free(&h);
	make_folder("loaded/versions");
	put_text("loaded/versions/a.py", "revision = 'a'\ndown_revision = None\n");
	put_text("loaded/versions/__init__.py", "(");
	put_text("loaded/versions/.#a.py", "(");
	put_text("loaded/env.py", "(");
	if (revisions_read(&h, "loaded", CLOCK_NEVER, &error))
		fail_msg("%s", error.data);
	assert_int_equal(h.n, 1);
	revisions_free(&h);

	make_folder("loaded/shop/migrations");
	make_folder("loaded/shop/migrations/lib");
	put_text("loaded/shop/migrations/__init__.py", "");
	put_text("loaded/shop/migrations/0001_a.py", "class Migration(migrations.Migration):\n  pass\n");
	put_text("loaded/shop/migrations/lib/x.py", "(");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		char *path = xasprintf("loaded/shop/migrations/%s", others[i]);

		put_text(path, "(");
		free(path);
	}
	if (djangos_read(&all, "loaded", CLOCK_NEVER, &error))
		fail_msg("%s", error.data);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.v[0].name, "shop.0001_a");
	djangos_free(&all);
	buf_free(&error);
}

/* --- the check --- */

static void assert_verdict(const char *text, enum verdict verdict, const char *words)
{
	char *url = xstrdup("sqlite:app.db");
	struct strs lines = { 0 }, urls = { 0 };
	struct finding f = FINDING_INIT;
	struct buf error = BUF_INIT;
	struct checks c;

	strs_add(&lines, text);
	strs_add(&urls, url);
	assert_int_equal(0, checks_read(&c, &lines, &urls, "ready", &error));
	checks_ask(&c, 0, clock_after(5000), &f);
	if (f.verdict != verdict || !strstr(f.why.data, words))
		fail_msg("%s: %d, %s", text, f.verdict, f.why.data);
	checks_free(&c);
	finding_free(&f);
	strs_free(&lines);
	strs_free(&urls);
	buf_free(&error);
	free(url);
}

static void what_cannot_be_told_is_unknown(void **state)
{
	struct lite lite = LITE_INIT;

	(void)state;
	assert_int_equal(0, lite_open(&lite, "app.db", LITE_CREATE, 0));
	assert_int_equal(0, lite_script(&lite, "CREATE TABLE alembic_version (version_num text);"
	                                "INSERT INTO alembic_version VALUES ('a'), (NULL);"
	                                "CREATE TABLE django_migrations (id int, app text);"
	                                "CREATE TABLE __drizzle_migrations (id int, hash, created_at);"
	                                "INSERT INTO __drizzle_migrations VALUES (1, 'h', 1)",
	                                false));
	lite_free(&lite);
	make_folder("empty");
	make_folder("good");
	make_folder("bad");
	put_text("good/a.py", "revision = 'a'\ndown_revision = None\n");
	put_text("bad/a.py", "revision = 'a'\ndown_revision = x\n");
	assert_verdict("migrated=alembic@good", PASS, "");
	assert_verdict("migrated=alembic@bad", UNKNOWN, "its down_revision is not written out");
	assert_verdict("migrated=alembic@empty", UNKNOWN, "has no revisions");
	assert_verdict("migrated=alembic@nowhere", UNKNOWN, "there is no folder 'nowhere'");
	assert_verdict("migrated=alembic@good/a.py", UNKNOWN, "there is no folder");
	assert_verdict("migrated=alembic:none@nowhere", UNKNOWN, "there is no folder 'nowhere'");
	assert_verdict("migrated=alembic:none@good", FAIL, "there is no table none");
	assert_verdict("migrated=alembic=b", FAIL, "alembic at a, want b");
	assert_verdict("migrated=django", UNKNOWN, "no such column");
	assert_verdict("migrated=drizzle@empty", UNKNOWN, "has no migrations of drizzle");
	assert_verdict("migrated=drizzle=0000_a", UNKNOWN, "has no names here");
	assert_verdict("migrated=drizzle=00000000", FAIL, "is not applied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_revision_file_is_read),
		cmocka_unit_test(a_revision_that_is_not_plain_is_none),
		cmocka_unit_test(what_follows_nothing_is_no_revision),
		cmocka_unit_test(no_text_at_all_is_nothing_to_follow),
		cmocka_unit_test(heads_are_what_nothing_follows),
		cmocka_unit_test(a_history_that_does_not_hang_together_is_refused),
		cmocka_unit_test(a_revision_that_no_file_has_is_unknown),
		cmocka_unit_test(a_migration_says_what_it_replaces),
		cmocka_unit_test(a_migration_that_is_not_plain_is_none),
		cmocka_unit_test(a_migration_that_changes_what_it_replaces_is_not_believed),
		cmocka_unit_test(an_app_has_the_label_of_its_config),
		cmocka_unit_test(squashed_migrations_stand_for_those_they_replace),
		cmocka_unit_test(migrations_that_replace_each_other_are_refused),
		cmocka_unit_test(a_journal_is_read),
		cmocka_unit_test(the_argument_is_taken_apart),
		cmocka_unit_test(files_are_found_once_and_not_where_packages_are),
		cmocka_unit_test(reading_files_is_bounded),
		cmocka_unit_test(what_the_tools_do_not_load_is_passed_over),
		cmocka_unit_test(what_cannot_be_told_is_unknown),
	};

	return unit_run("migration", tests, scratch_make, scratch_remove);
}
