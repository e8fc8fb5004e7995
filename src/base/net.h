/*
 * net - names, and whether anybody listens. Blocking name resolution cannot be
 * cut short in one process: see alarm_set() of proc.h.
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/connect_state.h"

struct net_addrs {
	struct addrinfo *list; /* owned; freed by net_forget */
	int64_t resolved;      /* clock_ms() of the look-up, 0: never */
};

/* Resolves host (a name or a numeric address) and port. Names are resolved anew
 * when addrs is older than a second. CONNECTED when addrs is filled, else
 * CONNECT_NO_NAME with the resolver's words in error. */
enum connect_state net_resolve(struct net_addrs *addrs, const char *host, const char *port,
                               struct buf *error);

/* What a resolver is asked for in place of host: 127.0.0.1 for localhost where /etc/hosts does not have
 * it, else host. */
const char *net_host(const char *host);

/* Whether a host is a numeric address or a unix socket's path: nothing is asked of a resolver. */
bool net_is_address(const char *host);

/* Connects to the first of the addresses that answers by the deadline, each
 * tried in turn. On CONNECTED *fd is a connected, close-on-exec, blocking stream
 * that the caller closes. Error may stay empty where the reach says it all. */
enum connect_state net_connect(const struct net_addrs *addrs, int64_t deadline, int *fd,
                               struct buf *error);

/* The same for a unix socket's path; one that begins with @ is in the abstract namespace (unix(7)). */
enum connect_state net_connect_unix(const char *path, int *fd, struct buf *error);

void net_forget(struct net_addrs *addrs);

#define NET_ANSWER_MAX 65536 /* bytes that net_talk reads at most */

/* How many line ends (CR LF) text has. */
unsigned net_lines(const char *text);

/* What is asked of a server that answers in lines. */
struct net_question {
	const struct buf *text; /* borrowed */
	unsigned lines;         /* the answer is whole with so many line ends (CR LF) */
	int64_t deadline;
};

/* Sends the question and reads until the answer is whole, at most 64 KiB. CONNECTED, or
 * CONNECT_SILENT/CONNECT_FAILED with error and what has come in answer. */
enum connect_state net_talk(int fd, const struct net_question *q, struct buf *answer, struct buf *error);

#endif
