/*
 * restore_rights - what the role that restores may not do: found beforehand, left out, or explained when it
 * is refused.
 */
#ifndef RESTORE_RESTORE_RIGHTS_H
#define RESTORE_RESTORE_RIGHTS_H

#include "ext/engine.h"
#include "restore/restore.h"

/* Returns the entries of the archive that are restored, as far as restore_check has chosen them. */
const struct strs *restore_rights_entries(const struct restore *r);

/* Part of restore_check, once the outline is read. 0, or -1 with db_error. */
int restore_rights_check(struct restore *r, struct db *db, bool fresh, struct strs *problems,
                         struct strs *notes);

/* The lines without the comments that are left out. The caller frees them. */
struct strs restore_rights_kept(const struct restore *r);

/* In the child that restores: notes for the parent who may run the statement. Returns "" for one that is left
 * out, else NULL; the caller frees it. */
char *restore_rights_edit(struct restore *r, const char *statement);

/* Explains why the program failed with what it reported and the notes of its child: as failure_explain, and
 * fills r->denied. */
int restore_rights_explain(struct restore *r, const char *program, const char *words,
                           const struct engine_failure *failure, const struct strs *notes, struct buf *error);

/* Remembers what the notes say was left out. */
void restore_rights_note(struct restore *r, const struct strs *notes);

/* Returns a message about what was left out, which the caller frees, or NULL. */
char *restore_rights_left_out(const struct restore *r);

#endif
