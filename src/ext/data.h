/*
 * data - files that are embedded as they are (data.S), each followed by a NUL.
 */
#ifndef EXT_DATA_H
#define EXT_DATA_H

extern char ca_bundle_start[], ca_bundle_end[]; /* PEM, Debian's ca-certificates */
extern const char licenses_start[];             /* of all that is linked in */
extern const char versions_start[];             /* of the same: `name version` lines */
extern const char zones_start[];                /* `zone rule` lines, Debian's tzdata */

#endif
