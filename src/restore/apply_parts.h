/*
 * apply_parts - what the files of apply share.
 */
#ifndef RESTORE_APPLY_PARTS_H
#define RESTORE_APPLY_PARTS_H

struct apply;
struct buf;
struct strs;

/*
 * Reads the properties that the backup has for its database, and decides what the one that it goes
 * into gets of them. Sets what restore_check needs: the roles that they name, the encoding that the
 * backup's text is read in. Adds to problems and notes as apply_look. 0; BAD_DATA, BAD_USAGE,
 * UNAVAILABLE with a sentence in error.
 */
int apply_properties(struct apply *p, struct strs *problems, struct strs *notes, struct buf *error);

/* After restore_check, which knows the missing roles: leaves out what is for those, and tries the
 * settings. */
void apply_settings(struct apply *p, struct strs *problems, struct strs *notes);

#endif
