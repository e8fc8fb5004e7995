/* restore_rights - what the role that restores may not do. */
#include "restore/restore_rights.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "restore/failure.h"
#include "restore/owner_comments.h"
#include "restore/privileged.h"

/* Notes of the child that restores (engine_tell). */
#define ADVICE "advice: "
#define LEFT_OUT "left out: "

const struct strs *restore_rights_entries(const struct restore *r)
{
	return r->tables && r->tables->n ? &r->chosen : &r->toc.lines;
}

/* --- beforehand --- */

static char *left_out_words(const struct strs *names)
{
	struct buf words = BUF_INIT;

	if (!names->n)
		return NULL;
	buf_printf(&words, "%zu comment%s left out, which only the owner may change: ", names->n,
	           names->n == 1 ? " is" : "s are");
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&words, "%s%s", i ? ", " : "", names->v[i]);
	return buf_detach(&words);
}

/* Who will own what is restored, besides this role. The caller frees them. */
static struct strs owners_of(const struct restore *r)
{
	const struct strs *all = &r->outline.owners;
	struct strs owners = { 0 };

	for (size_t i = 0; i < all->n && !r->no_owner; i++)
		if (r->roles != ROLES_SKIP || !strs_has(&r->missing_roles, all->v[i]))
			strs_add(&owners, all->v[i]);
	return owners;
}

/* Where the backup is of a newer major than the server: what that means. The caller frees it. */
static char *newer_words(const struct restore *r)
{
	int is = r->server_version / 10000, was = r->toc.server ? atoi(r->toc.server) : 0;

	return was > is && is > 9 ? xasprintf("the backup is of PostgreSQL %d, and this server is %d, which "
	                                      "lacks what is new: restore into %d or a newer one",
	                                      was, is, was)
	                          : NULL;
}

int restore_rights_check(struct restore *r, struct db *db, bool fresh, struct strs *problems,
                         struct strs *notes)
{
	const struct strs *lines = restore_rights_entries(r);
	struct strs names = { 0 }, owners = owners_of(r);
	char *words = newer_words(r);
	int rc = owner_comments_find(db, fresh, &r->mute);

	if (words)
		strs_add(notes, words);
	free(words);
	/* A restore as a test says afterwards what it lacked. */
	if (!rc && !r->humble)
		rc = privileged_check(db, &r->outline.privileged, r->bare, problems);
	if (!rc && !r->humble)
		rc = privileged_settings(db, &r->outline.settings, problems);
	if (!rc && !fresh && !r->humble)
		rc = privileged_rows(db, &r->outline.filled, problems);
	if (!rc && !fresh && !r->humble)
		rc = privileged_places(db, &r->outline.places, &r->outline.schemas, &owners, problems);
	for (size_t i = 0; i < lines->n && !r->data_only; i++)
		if (owner_comments_has(&r->mute, lines->v[i]))
			strs_printf(&names, "%s", skip_prefix(toc_text(lines->v[i]), "COMMENT - "));
	words = left_out_words(&names);
	if (words)
		strs_add(notes, words);
	free(words);
	strs_free(&names);
	strs_free(&owners);
	return rc;
}

struct strs restore_rights_kept(const struct restore *r)
{
	const struct strs *lines = r->filling.lines.n ? &r->filling.lines : restore_rights_entries(r);
	struct strs kept = { 0 };

	for (size_t i = 0; i < lines->n; i++)
		if (!owner_comments_has(&r->mute, lines->v[i]))
			strs_add(&kept, lines->v[i]);
	return kept;
}

/* --- in the child --- */

static void tell(const char *what, const char *text)
{
	char *note = xasprintf("%s%s", what, text);

	engine_tell(note);
	free(note);
}

char *restore_rights_edit(struct restore *r, const char *statement)
{
	const char *advice = r->superuser ? NULL : privileged_advice(statement);
	char *name = owner_comments_name(&r->mute, statement);

	if (advice || r->advised)
		tell(ADVICE, advice ? advice : "");
	r->advised = advice;
	if (!name)
		return NULL;
	tell(LEFT_OUT, name);
	free(name);
	return xstrdup("");
}

/* --- afterwards --- */

void restore_rights_note(struct restore *r, const struct strs *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		if (skip_prefix(notes->v[i], LEFT_OUT))
			strs_add(&r->left_out, skip_prefix(notes->v[i], LEFT_OUT));
}

char *restore_rights_left_out(const struct restore *r)
{
	return left_out_words(&r->left_out);
}

/* The last that was told, which is of the statement that failed, else what helps most. */
static const char *advice_of(const struct restore *r, const struct strs *notes)
{
	const char *advice = "";

	for (size_t i = 0; i < notes->n; i++)
		advice = skip_prefix(notes->v[i], ADVICE) ? skip_prefix(notes->v[i], ADVICE) : advice;
	if (*advice || r->humble)
		return advice;
	return r->content != FORMAT_SQL && !r->no_owner
	               ? "restore as a superuser, or with --no-owner if owners are the reason"
	               : "restore as a superuser";
}

int restore_rights_explain(struct restore *r, const char *program, const char *words,
                           const struct engine_failure *failure, const struct strs *notes, struct buf *error)
{
	char *newer = newer_words(r);
	const struct failure m = { .program = program,
		                   .words = words,
		                   .failure = *failure,
		                   .rows_only = r->data_only,
		                   .newer = newer,
		                   .advice = advice_of(r, notes) };
	int rc = failure_explain(&m, error);

	r->denied = strcmp(failure->sqlstate, "42501") == 0;
	free(newer);
	return rc;
}
