/*
 * dump_parts - what the files of dump share.
 */
#ifndef DUMP_DUMP_PARTS_H
#define DUMP_DUMP_PARTS_H

struct buf;
struct dump;
struct manifest;
struct program;
struct rows;

/* A question to the server, without parameters. As server_query. */
int dump_ask(struct dump *d, const char *sql, struct rows *rows);

/* Sets the program, and the version of PostgreSQL that it is of, by which the backup is made. */
void dump_set_engine(struct manifest *m, const char *program);

/* Adds the warnings of a program that has ended. */
void dump_take_warnings(struct manifest *m, const struct program *t);

/* dump_look of PostgreSQL, and of SQLite. */
int dump_look_pg(struct dump *d, struct manifest *m, struct buf *error);
int dump_look_sqlite(struct dump *d, struct manifest *m, struct buf *error);

/* dump_make of SQLite. */
int dump_make_sqlite(struct dump *d, const char *path, struct manifest *m, struct buf *error);

#endif
