/*
 * xml - reads the XML that a server answered: elements and their texts, by Expat.
 *
 * XML 1.0 (W3C) in UTF-8, whatever its declaration says. A DOCTYPE is refused, so there are no entities but
 * the five of XML and numbers. Attributes are skipped.
 */
#ifndef EXT_XML_H
#define EXT_XML_H

#include <stddef.h>

/*
 * Calls element at the end of each one: path is the names from the root's on, without
 * prefixes, with slashes between; text what stood in it beside other elements, entities
 * decoded. Both last as long as the call. 0; -1 when xml is not well-formed, has a DOCTYPE
 * or more than 32 levels of elements: what was heard by then is to be forgotten.
 */
int xml_read(const char *xml, size_t len,
             void (*element)(void *arg, const char *path, const char *text), void *arg);

#endif
