/*
 * secrecy - what a URL says about encryption, in the words of many drivers.
 *
 * libpq reads sslmode alone. asyncpg and SQLAlchemy write ssl=require, node-postgres
 * sslmode=no-verify, JDBC ssl=true or sslMode=VERIFY_FULL, Prisma sslaccept=strict, SQLx ssl-mode.
 * Who asks for encryption must not get a plain connection because the word was another one.
 */
#ifndef DB_SECRECY_H
#define DB_SECRECY_H

#include "db/url.h"
#include "ext/server.h"

/* What is known of the parameters of one URL. */
struct secrecy {
	int wanted;    /* the strongest mode that was asked for, see secrecy.c; 0: none */
	bool refused;  /* "no encryption" was asked for */
};

/*
 * Takes one parameter. 1: it is about encryption, and s or c (libpq's keyword for it) has it. 0: it
 * is about something else. -1 with *why a constant sentence fragment that quotes neither: it asks
 * for something that libpq cannot do, or that nobody knows.
 */
int secrecy_take(struct secrecy *s, struct conninfo *c, const char *key, const char *value,
                 const char **why);

/* Once all were taken, sets sslmode. -1 with *why where they contradict each other. */
int secrecy_settle(const struct secrecy *s, struct conninfo *c, const char **why);

/* Both, for all parameters of a URL. 0, or -1 with *why. */
int secrecy_read(const struct url *u, struct conninfo *c, const char **why);

/* Whether any parameter of a URL is about encryption, for servers that we only speak to in plain. */
bool secrecy_asked(const struct url *u);

/* Gives sslmode, or PGSSLMODE where there is none, libpq's word for it. -1 with *why where sslmode has
 * a value that nobody knows. */
int secrecy_complete(struct conninfo *c, const char **why);

#endif
