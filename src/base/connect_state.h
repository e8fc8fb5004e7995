/*
 * connect_state - what came of trying to reach something: an address, a server, a file.
 */
#ifndef BASE_CONNECT_STATE_H
#define BASE_CONNECT_STATE_H

enum connect_state {
	CONNECTED,
	CONNECT_NO_NAME,     /* the host name does not resolve (now) */
	CONNECT_REFUSED,     /* nobody listens there: refused, no socket file */
	CONNECT_SILENT,      /* no answer in time, or no route */
	CONNECT_STARTING,    /* the server answers: starting up, shutting down */
	CONNECT_FULL,        /* the server answers: too many connections */
	CONNECT_DENIED,      /* the server refuses the login, or its certificate is bad */
	CONNECT_NO_DATABASE, /* the server has no such database; no such SQLite file */
	CONNECT_INVALID,     /* the server refuses a parameter of the connection, now and later */
	CONNECT_FAILED       /* anything else */
};

/* A lower-case sentence fragment: "connection refused", "login refused" ... */
const char *connect_state_text(enum connect_state reach);

/* The exit code for an applet that does not wait: 77 for a refused login, 69
 * for the rest. */
int connect_state_status(enum connect_state reach);

#endif
