/*
 * script - what a statement of a script that is restored does to its transaction.
 *
 * By its first words, as psql sends them one by one; nothing is parsed.
 */
#ifndef EXT_SCRIPT_H
#define EXT_SCRIPT_H

enum script_kind {
	SCRIPT_OTHER,
	SCRIPT_BRACKET,   /* BEGIN, COMMIT: nothing where all is one transaction */
	SCRIPT_BREAKS,    /* ROLLBACK, AND CHAIN, PREPARE TRANSACTION: it cannot be one then */
	SCRIPT_DATABASE,  /* CREATE or DROP DATABASE: pg_dump --create */
	SCRIPT_STATISTICS /* those that pg_dump 18 and newer takes along */
};

enum script_kind script_judge(const char *statement);

#endif
