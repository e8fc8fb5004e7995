/*
 * status - the exit codes of every applet, and so the return codes of the
 * libraries below them. Documented in the README; never renumbered.
 *
 * 64 to 78 are those of BSD's <sysexits.h>, 124 is timeout(1)'s, 126 and 127
 * are the shell's. A negative answer (1), a wrong call (64) and a failure are
 * different numbers, so that `if isempty` cannot take an error for an answer.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	DONE = 0,          /* yes; done */
	NO = 1,            /* a well-formed no; failed */
	PARTLY = 3,        /* some databases failed, others did not */
	BAD_USAGE = 64,    /* the command line is wrong */
	BAD_DATA = 65,     /* input that was read is not what it should be */
	NO_INPUT = 66,     /* an input file is missing or unreadable */
	UNAVAILABLE = 69,  /* unreachable, or the server refuses for good */
	BROKEN_OFF = 70,   /* an earlier seed was interrupted */
	CANNOT_WRITE = 73, /* no space, or no permission to write */
	LOCKED = 75,       /* somebody else holds the lock */
	DENIED = 77,       /* authentication or a privilege is refused */
	BAD_CONFIG = 78,   /* the environment is wrong */
	TIMED_OUT = 124,   /* the deadline passed */
	CANNOT_RUN = 126,  /* the command exists but does not run */
	NOT_FOUND = 127,   /* the command does not exist */
	BY_SIGNAL = 128    /* plus the signal's number */
};

#endif
