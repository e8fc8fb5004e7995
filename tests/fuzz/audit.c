/*
 * Fuzzes envcheck/audit on any environment beside any example file: every problem has its words, the JSON is valid, and no
 * value is shown.
 *
 * The input is the example file and the environment, a variable a line; a ~ in a value stands for a secret.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/audit.h"
#include "ext/lite.h"

#define SECRET "Tr0ub4dor-hunter2"

/* NAME=value lines; what has no name is left out. */
static char **environment(const char *text, struct strs *lines, struct strs *variables)
{
	strs_split(lines, text, NULL);
	for (size_t i = 0; i < lines->n; i++) {
		struct buf line = BUF_INIT;
		const char *equals = strchr(lines->v[i], '=');

		if (!equals || equals == lines->v[i])
			continue;
		for (const char *at = lines->v[i]; *at; at++)
			if (*at == '~' && at > equals)
				buf_puts(&line, SECRET);
			else
				buf_putc(&line, *at);
		strs_add(variables, line.data);
		buf_free(&line);
	}
	strs_add(variables, "");
	free(variables->v[variables->n - 1]);
	variables->v[variables->n - 1] = NULL;
	return variables->v;
}

static void check_json(const struct audit *a, const struct surroundings *s)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	char *text = audit_json(a, s);
	const char *json = text;

	MUST(!strstr(json, SECRET));
	MUST(lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0);
	MUST(lite_query(&lite, "SELECT json_valid(?1)", &json, 1, &rows) == 0);
	MUST(same(rows_get(&rows, 0, 0), "1"));
	rows_free(&rows);
	lite_free(&lite);
	free(text);
}

static void run(const struct envspec *spec, char **env)
{
	struct surroundings s = { .env = env, .root = "/nonexistent",
		                  .production = audit_is_production(audit_environment(env)) };
	struct audit a;

	audit_run(&a, spec, &s);
	MUST(problem_count(&a.problems, PROBLEM_ERROR) + problem_count(&a.problems, PROBLEM_WARNING) +
	     problem_count(&a.problems, PROBLEM_ALLOWED) == a.problems.n);
	for (size_t i = 0; i < a.problems.n; i++) {
		const struct problem *p = &a.problems.v[i];

		MUST(*p->name && *p->code && *p->text);
		MUST(!strstr(p->text, SECRET));
		MUST(i == 0 || strcmp(p[-1].name, p->name) <= 0);
	}
	check_json(&a, &s);
	audit_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct strs lines = { 0 }, variables = { 0 };
	struct envspec spec = ENVSPEC_INIT;
	struct buf error = BUF_INIT;
	char *example = input_next(&data, &len), *text = input_next(&data, &len), path[64];
	char **env = environment(text, &lines, &variables);
	int fd = input_file(example, strlen(example), path);
	int rc = envspec_read(&spec, path, audit_environment(env), &error);

	MUST(rc == 0 || rc == BAD_USAGE);
	/* In a name it may be shown. */
	if (!strstr(example, SECRET) && !strstr(text, SECRET))
		run(&spec, env);
	envspec_free(&spec);
	strs_free(&lines);
	strs_free(&variables);
	buf_free(&error);
	close(fd);
	free(example);
	free(text);
	return rc ? -1 : 0;
}
