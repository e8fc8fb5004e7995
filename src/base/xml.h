/*
 * xml - reads the XML that a server answered: elements and their texts.
 *
 * A small part of XML 1.0 (W3C): no DOCTYPE, so no entities but the five of XML and
 * numbers; attributes and namespaces are skipped. What comes is foreign data.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include <stddef.h>

/*
 * Calls element at the end of each one: path is the names from the root's on, without
 * prefixes, with slashes between; text what stood in it beside other elements, entities
 * decoded. 0; -1 when it is not well-formed, has a DOCTYPE, a NUL byte, or elements 32
 * deep: what was heard by then is to be forgotten.
 */
int xml_read(const char *xml, size_t len,
             void (*element)(void *arg, const char *path, const char *text), void *arg);

#endif
