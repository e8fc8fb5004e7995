/*
 * size - numbers as people read them.
 */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stdint.h>

/* "812 bytes", "12.3 MB" (decimal units, as disks are sold). The caller frees it. */
char *size_text(int64_t bytes);

/* What follows a noun after its number: "" for 1, else "s": "%lld table%s". */
const char *plural(int64_t n);

#endif
