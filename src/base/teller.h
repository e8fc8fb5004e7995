/*
 * teller - who gets the messages of something that takes long, or says more than its result.
 *
 * Libraries return, applets print: what is worth a line meanwhile goes to the teller that the caller handed
 * in.
 */
#ifndef BASE_TELLER_H
#define BASE_TELLER_H

#include "base/msg.h"

struct teller {
	void (*say)(enum msg_level level, const char *text, void *arg);
	void *arg;
};

/* Gives it the text; nothing where t is NULL. */
void teller_say(const struct teller *t, enum msg_level level, const char *text);

/* The same, as printf(3). */
void teller_sayf(const struct teller *t, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One that prints by msg(), as it stands. */
extern const struct teller teller_msg;

#endif
