/*
 * django_label - the label of an app of Django, by its AppConfig.
 */
#ifndef MIGRATED_DJANGO_LABEL_H
#define MIGRATED_DJANGO_LABEL_H

#include <stdint.h>

#include "base/buf.h"

/* Reads from an apps.py the label of the app, whose folder is called so: the folder's
 * name unless the AppConfig gives one; NULL where no AppConfig is in the text. The caller
 * frees *label. 0, or BAD_DATA with words in error, also where several AppConfigs differ
 * and none is the default. */
int django_label_read(const char *text, size_t len, const char *folder, char **label,
                      struct buf *error);

/* Reads the label of the app in that folder: from the first file there that has an AppConfig, else
 * the folder's name. As django_label_read, with a sentence in error, also past the deadline. */
int django_label_find(const char *app, int64_t deadline, char **label, struct buf *error);

#endif
