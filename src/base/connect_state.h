/*
 * connect_state - what came of trying to reach something: an address, a server, a file.
 */
#ifndef BASE_CONNECT_STATE_H
#define BASE_CONNECT_STATE_H

enum reach {
	REACHED,
	REACH_NO_NAME,     /* the host name does not resolve (now) */
	REACH_REFUSED,     /* nobody listens there: refused, no socket file */
	REACH_SILENT,      /* no answer in time, or no route */
	REACH_STARTING,    /* the server answers: starting up, shutting down */
	REACH_FULL,        /* the server answers: too many connections */
	REACH_DENIED,      /* the server refuses the login, or its certificate is bad */
	REACH_NO_DATABASE, /* the server has no such database; no such SQLite file */
	REACH_INVALID,     /* the server refuses a parameter of the connection, now and later */
	REACH_FAILED       /* anything else */
};

/* A lower-case sentence fragment: "connection refused", "login refused" ... */
const char *reach_text(enum reach reach);

/* The exit code for an applet that does not wait: 77 for a refused login, 69
 * for the rest. */
int reach_status(enum reach reach);

#endif
