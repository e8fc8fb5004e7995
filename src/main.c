/*
 * main - finds the applet by the name it was called by (a symlink), else by the
 * first argument, and runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "ext/data.h"
#include "opt/opt.h"
#include "opt/opt_help.h"

#define APPLET(name) extern const struct applet applet_##name;
#include "../applets/list.h"
#undef APPLET

#define APPLET(name) &applet_##name,
static const struct applet *const applets[] = {
#include "../applets/list.h"
};
#undef APPLET

#define APPLETS (sizeof(applets) / sizeof(*applets))

static const struct applet *find(const char *name)
{
	for (size_t i = 0; i < APPLETS; i++)
		if (strcmp(applets[i]->name, name) == 0)
			return applets[i];
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < APPLETS; i++)
		printf("%s\n", applets[i]->name);
	return DONE;
}

static int usage(void)
{
	printf("usage: pgbox APPLET [ARGUMENT...]\n"
	       "       pgbox --list | --install DIR | --completion bash | --version | --licenses\n"
	       "       pgbox help APPLET\n"
	       "       APPLET [ARGUMENT...]    (through a symlink of that name)\n"
	       "\n"
	       "One static binary for people who run PostgreSQL-backed apps in containers.\n"
	       "\n"
	       "applets (pgbox APPLET --help says more):\n");
	for (size_t i = 0; i < APPLETS; i++)
		printf("  %-12s %s\n", applets[i]->name, applets[i]->brief);
	return DONE;
}

static int version(void)
{
	printf("pgbox %s\n%s", PGBOX_VERSION, versions_start);
	return DONE;
}

/* psql and curl have -V, many others `version`. */
static bool is_version(const char *word)
{
	return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 || strcmp(word, "version") == 0;
}

static int licenses(void)
{
	if (file_write(STDOUT_FILENO, licenses_start, strlen(licenses_start)) != 0)
		die(CANNOT_WRITE, "cannot write to standard output: %s", strerror(errno));
	return DONE;
}

/* --- --install --- */

/* A symlink finds its target however it is moved about with its folder; the real
 * path of this program is asked from the kernel, else taken from an absolute
 * argv[0] where /proc is missing. */
static char *own_path(const char *argv0)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n > 0 && n < (ssize_t)sizeof(path))
		return xstrndup(path, (size_t)n);
	return *argv0 == '/' ? xstrdup(argv0) : NULL;
}

/* An existing file is somebody's: it is left alone, and said, unless it is a
 * symlink to this program already. */
static int install_one(const char *target, const char *dir, const char *name)
{
	char *link = xasprintf("%s/%s", dir, name), old[4096];
	ssize_t n;
	int rc = DONE;

	if (symlink(target, link) != 0) {
		n = errno == EEXIST ? readlink(link, old, sizeof(old)) : -1;
		if (n < 0 || (size_t)n != strlen(target) || strncmp(old, target, (size_t)n) != 0) {
			msg(MSG_ERROR, "cannot make '%s': %s", link, strerror(errno == EINVAL ? EEXIST : errno));
			rc = CANNOT_WRITE;
		}
	}
	free(link);
	return rc;
}

static int install(const char *argv0, const char *dir)
{
	char *target = own_path(argv0);
	int rc = DONE;

	if (!target)
		die(NO, "cannot find out where this program is: call it by its absolute path");
	if (!file_exists(dir))
		die(CANNOT_WRITE, "'%s': %s: make the folder first, or correct the path", dir, strerror(errno));
	if (!file_is_dir(dir))
		die(CANNOT_WRITE, "'%s' is not a directory", dir);
	for (size_t i = 0; i < APPLETS; i++) {
		int one = install_one(target, dir, applets[i]->name);

		rc = one ? one : rc;
	}
	free(target);
	return rc;
}

/* --- --completion --- */

static int completion(void)
{
	printf("_pgbox() {\n"
	       "\tlocal applet=${COMP_WORDS[0]##*/} words=\n"
	       "\t[ \"$applet\" = pgbox ] && [ \"$COMP_CWORD\" -gt 1 ] && applet=${COMP_WORDS[1]}\n"
	       "\tcase $applet in\n"
	       "\tpgbox) words='--list --install --completion --version --licenses --help");
	for (size_t i = 0; i < APPLETS; i++)
		printf(" %s", applets[i]->name);
	printf("' ;;\n");
	for (size_t i = 0; i < APPLETS; i++) {
		if (applets[i]->raw)
			continue;
		printf("\t%s) words='", applets[i]->name);
		opt_words(applets[i]);
		printf("' ;;\n");
	}
	printf("\tesac\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	       "}\n"
	       "complete -o default -F _pgbox pgbox");
	for (size_t i = 0; i < APPLETS; i++)
		if (!applets[i]->raw)
			printf(" %s", applets[i]->name);
	printf("\n");
	return DONE;
}

/* --- running --- */

/* All that is printed is held until the last flush, which can say why it failed. */
static void buffer_stdout(void)
{
	static char buffer[65536];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

/* PostgreSQL's programs keep what they were called with; ps(1) need not show it. */
static void hide_urls(char **argv)
{
	for (; *argv; argv++) {
		char *shown = *argv;

		if (!strstr(shown, "://") && !strstr(shown, "password"))
			continue;
		*argv = xstrdup(shown);
		memset(shown, 0, strlen(shown));
	}
}

static int run_applet(const struct applet *a, int argc, char **argv)
{
	char **command;
	int rc;

	msg_name(a->name);
	/* They start editors, pagers and shells by themselves. */
	if (a->raw) {
		proc_default_signals();
		proc_public();
		hide_urls(argv);
		return a->raw(argc, argv);
	}
	buffer_stdout();
	/* Alone, so that an applet may have an option of that name. */
	if (argc == 2 && is_version(argv[1])) {
		rc = version();
		msg_check_stdout();
		return rc;
	}
	if (argc == 2 && strcmp(argv[1], "help") == 0)
		argv[1] = xstrdup("--help");
	argc = opt_parse(a, argc, argv, &command);
	rc = a->run(argc, argv, &command);
	msg_check_stdout();
	if (!a->reports || getpid() == 1)
		msg_ending(rc);
	if (rc != DONE || !command)
		return rc;
	rc = proc_exec(command, env_original());
	die(rc, "cannot run '%s': %s", command[0], strerror(errno));
}

/* `pgbox help waitdb` is `waitdb --help`. */
static int help(const char *name)
{
	const struct applet *a = find(name);
	char *argv[] = { xstrdup(name), xstrdup("--help"), NULL };

	if (!a)
		die(BAD_USAGE, "unknown applet '%s': pgbox --list names them", msg_word(name));
	return run_applet(a, 2, argv);
}

/* What pgbox itself can do, without an applet. */
static int own_option(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";

	if (strcmp(word, "help") == 0)
		return argc > 2 ? help(argv[2]) : usage();
	if (is_version(word))
		return version();
	if (strcmp(word, "--list") == 0)
		return list();
	if (strcmp(word, "--licenses") == 0)
		return licenses();
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return usage();
	if (strcmp(word, "--install") == 0 && argc == 3)
		return install(argv[0], argv[2]);
	if (strcmp(word, "--completion") == 0 && argc == 3 && strcmp(argv[2], "bash") == 0)
		return completion();
	if (*word == '-')
		die(BAD_USAGE, "unknown or incomplete option '%s': see pgbox --help", msg_word(word));
	die(BAD_USAGE, "unknown applet '%s': pgbox --list names them", msg_word(word));
}

static const struct applet *called;
static char **call;

static void tell_refusal(const char *why)
{
	called->refused(call, why);
}

int main(int argc, char **argv)
{
	struct buf error = BUF_INIT;
	const struct applet *a;
	const char *format;
	int rc;

	proc_standard_files();
	proc_private();
	env_keep();
	proc_signals();
	/* A renamed binary (pgbox-1.2) and a login shell's `-name` are no applets' names. */
	a = find(path_base(argc ? argv[0] : ""));
	if (!a && argc > 1 && (a = find(argv[1]))) {
		argc--;
		argv++;
	}
	if (a && a->yes_or_no)
		proc_yes_or_no();
	if (a && a->refused) {
		called = a;
		call = argv;
		msg_before_death(tell_refusal);
	}
	if (env_get("PGBOX_LOG", &format, &error) != 0)
		die(BAD_CONFIG, "%s", error.data);
	if (!msg_format(format))
		die(BAD_CONFIG, "PGBOX_LOG: '%s' is neither text nor json", msg_word(format));
	if (a)
		return proc_ending(run_applet(a, argc, argv));
	buffer_stdout();
	rc = own_option(argc, argv);
	msg_check_stdout();
	return rc;
}
