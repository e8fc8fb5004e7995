/*
 * meter_child - what a child process tells its meter.
 */
#ifndef EXT_METER_CHILD_H
#define EXT_METER_CHILD_H

#include <stdbool.h>
#include <stdio.h>

struct meter;

/* Which meter the calls below are for; NULL: none. */
void meter_use(struct meter *m);

/* The file that rows are read from next, open for as long as rows come; NULL: one whose position cannot be
 * known. */
void meter_file(FILE *file);

/* Whether statements and rows are the file's own text, as it is sent. */
void meter_text(bool as_it_is);

void meter_statement(const char *sql);

/* Rows, or text, of len bytes that are sent. */
void meter_rows(int len);

/* The end of rows. */
void meter_end(void);

#endif
