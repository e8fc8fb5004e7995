/*
 * properties_parts - what the files of properties share.
 */
#ifndef DUMP_PROPERTIES_PARTS_H
#define DUMP_PROPERTIES_PARTS_H

#include <stddef.h>

struct properties;

/* A new one at the end; it lives until the next is added. */
struct database_right *properties_add_right(struct properties *p);
struct database_setting *properties_add_setting(struct properties *p, const char *role, const char *name);

/* Leaves one out. */
void properties_drop_setting(struct properties *p, size_t i);

/* The RIGHT_ bits of a privilege's name, 0 for what a database does not have. */
unsigned properties_privilege(const char *name);

#endif
