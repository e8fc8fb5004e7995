/*
 * show - text on stdout that others have a hand in: names, paths and messages of servers, files and journals.
 */
#ifndef BASE_SHOW_H
#define BASE_SHOW_H

/* printf(3) of one line or a part of one. Characters that a terminal obeys (utf8_hidden) become blanks, but
 * for a newline at the very end of the format. */
void show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a JSON text and a newline. Characters that a terminal obeys, which stand in its strings, become \u
 * escapes, and bytes that are not UTF-8 question marks. */
void show_json(const char *json);

#endif
