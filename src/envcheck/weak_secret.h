/*
 * weak_secret - whether a secret is one that somebody could guess: a placeholder that was never
 * replaced, a default, something too short.
 *
 * A placeholder is told by its words: capital and small letters, and - _ . and blanks,
 * make no difference. Random keys that happen to hold a short word are none: a word
 * counts only between things that are no letters or digits, and short ones only where
 * all the rest are such words too.
 */
#ifndef ENVCHECK_WEAK_SECRET_H
#define ENVCHECK_WEAK_SECRET_H

#include <stdbool.h>

#include "base/buf.h"

/* What stands around a secret; any of it may be NULL. */
struct weak_about {
	const char *name;     /* the variable's */
	const char *example;  /* the value that ships with the app */
	const char *user;     /* who logs in with it, and where */
	const char *database;
	bool label;           /* it may be a plain word, such as a name: only what ships with the app
	                       * and what is a placeholder is weak then */
};

/* Whether the secret is weak; in which way goes to why as what follows a noun: `is a
 * placeholder`. Nothing of the value, nor its length, is in it. */
bool weak_find(const char *value, const struct weak_about *about, struct buf *why);

/* Whether a value of any kind, a name or an address, was never filled in: your-domain.org,
 * change_me, <tenant>. What may be meant so (`example`, `todo`) counts for secrets only. */
bool weak_is_unfilled(const char *value);

/* Whether it is a word for no value: null, (null), none, undefined, in any case. Laravel reads null
 * as none, and jq, Python and JavaScript write theirs where they have none. */
bool weak_is_none(const char *value);

/* Whether a name is that of a key that an app signs sessions or tokens with, whose length
 * is its own choice: SECRET_KEY, JWT_SECRET, APP_SESSION_SECRET, and not AWS_SECRET_KEY or
 * PUSHER_APP_SECRET. */
bool weak_is_signing_key(const char *name);

#endif
