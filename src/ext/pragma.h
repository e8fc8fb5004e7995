/*
 * pragma - what a PRAGMA of an SQLite script needs to have its effect (sqlite.org, 'PRAGMA Statements').
 */
#ifndef EXT_PRAGMA_H
#define EXT_PRAGMA_H

enum pragma_kind {
	PRAGMA_NONE,    /* not a PRAGMA, one that only asks, or one that works in a transaction */
	PRAGMA_BEFORE,  /* has no effect, or is an error, in a transaction */
	PRAGMA_UNSAFE,  /* would take the journal away that a rollback needs: journal_mode OFF and MEMORY */
	PRAGMA_KEYS_ON, /* foreign_keys */
	PRAGMA_KEYS_OFF
};

/* Judges the statement that text begins with. */
enum pragma_kind pragma_judge(const char *text);

#endif
