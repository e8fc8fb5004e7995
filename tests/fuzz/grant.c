/*
 * Fuzzes dump/roles: a script is cut into statements without a gap, each is judged by its own bytes alone, and a role
 * that it names can be taken out of it.
 */
#include "dump/lex.h"
#include "fuzz.h"

#include "base/banned.h"
#include "dump/roles.h"

static void without(const char *statement, size_t len, const char *role)
{
	struct strs gone = { 0 };
	char *rest;

	strs_add(&gone, role);
	rest = roles_without(statement, len, &gone);
	MUST(rest && strlen(rest) <= 2 * len); /* a list is written with ", " */
	strs_free(&gone);
	free(rest);
}

static void one(const char *statement, size_t len)
{
	struct strs roles = { 0 }, none = { 0 };

	MUST(!roles_without(statement, len, &none));
	roles_named(statement, len, &roles);
	for (size_t i = 0; i < roles.n; i++)
		without(statement, len, roles.v[i]);
	strs_free(&roles);
}

/* What follows a statement changes nothing. */
static void is_alone(const char *at, const char *copy, size_t len)
{
	struct strs here = { 0 }, there = { 0 };

	roles_named(at, len, &here);
	roles_named(copy, len, &there);
	MUST(here.n == there.n);
	for (size_t i = 0; i < here.n; i++)
		MUST(strcmp(here.v[i], there.v[i]) == 0);
	strs_free(&here);
	strs_free(&there);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len);
	const char *at = text;

	for (size_t n; (n = lex_statement(at)) > 0; at += n) {
		char *copy = input_text((const uint8_t *)at, n);

		MUST(n <= strlen(at));
		one(copy, n);
		is_alone(at, copy, n);
		free(copy);
	}
	MUST(!*at);
	free(text);
	return 0;
}
