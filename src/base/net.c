/* net - names, and whether anybody listens. */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"

#define NAME_FRESH_MS 1000
#define HOSTS_MAX 1048576

void net_forget(struct net_addrs *addrs)
{
	if (addrs->list)
		freeaddrinfo(addrs->list);
	*addrs = (struct net_addrs){ 0 };
}

/* Whether the file of hosts has the name: then it decides, and not we. */
static bool is_listed(const char *name)
{
	struct buf hosts = BUF_INIT;
	bool listed = false;

	if (file_read("/etc/hosts", &hosts, HOSTS_MAX) == 0)
		listed = strcasestr(hosts.data, name);
	buf_free(&hosts);
	return listed;
}

/* RFC 6761, 6.3: localhost is the loopback address, and no name server is asked for it. musl asks one where
 * /etc/hosts is missing, as in an image made from scratch. */
const char *net_host(const char *host)
{
	return strcasecmp(host, "localhost") == 0 && !is_listed(host) ? "127.0.0.1" : host;
}

enum connect_state net_resolve(struct net_addrs *addrs, const char *host, const char *port,
                               struct buf *error)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int rc;

	if (addrs->list && clock_ms() - addrs->resolved < NAME_FRESH_MS)
		return CONNECTED;
	net_forget(addrs);
	rc = getaddrinfo(net_host(host), port, &hints, &addrs->list);
	if (rc != 0) {
		addrs->list = NULL;
		buf_printf(error, "cannot resolve host name '%s': %s", host, gai_strerror(rc));
		return CONNECT_NO_NAME;
	}
	addrs->resolved = clock_ms();
	return CONNECTED;
}

bool net_is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char *plain = xstrndup(host, strcspn(host, "%")); /* fe80::1%eth0 */
	bool is = strchr("/@", *host) || inet_pton(AF_INET, host, bytes) == 1 ||
	          inet_pton(AF_INET6, plain, bytes) == 1;

	free(plain);
	return is;
}

static enum connect_state by_errno(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ENOENT:
	case ECONNRESET:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EAGAIN:
		return CONNECT_SILENT;
	default:
		return CONNECT_FAILED;
	}
}

/* Waits for a connect that is under way. 0 or an errno. */
static int finish_connect(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int err = 0, n;
	socklen_t len = sizeof(err);

	do
		n = poll(&p, 1, clock_poll(deadline));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		return errno;
	return err;
}

/* A connected descriptor, or -1 with errno. */
static int dial(int family, const struct sockaddr *to, socklen_t len, int64_t deadline)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, to, len) != 0)
		err = errno == EINPROGRESS ? finish_connect(fd, deadline) : errno;
	if (!err && fcntl(fd, F_SETFL, 0) != 0)
		err = errno;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

enum connect_state net_connect(const struct net_addrs *addrs, int64_t deadline, int *fd,
                               struct buf *error)
{
	enum connect_state reach = CONNECT_FAILED;
	int err = EINVAL;

	for (struct addrinfo *a = addrs->list; a; a = a->ai_next) {
		*fd = dial(a->ai_family, a->ai_addr, a->ai_addrlen, deadline);
		if (*fd >= 0)
			return CONNECTED;
		/* A machine without IPv6 must not hide what IPv4 said. */
		if (reach == CONNECT_FAILED || errno == ECONNREFUSED) {
			err = errno;
			reach = by_errno(err);
		}
	}
	/* The reach says it all. */
	if (reach != CONNECT_REFUSED)
		buf_puts(error, strerror(err));
	return reach;
}

enum connect_state net_connect_unix(const char *path, int *fd, struct buf *error)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(to);

	if (strlen(path) >= sizeof(to.sun_path)) {
		buf_printf(error, "socket path '%s' is too long", path);
		return CONNECT_FAILED;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (*path == '@') {
		to.sun_path[0] = '\0';
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	*fd = dial(AF_UNIX, (struct sockaddr *)&to, len, 0);
	if (*fd >= 0)
		return CONNECTED;
	buf_puts(error, strerror(errno));
	return by_errno(errno);
}

unsigned net_lines(const char *text)
{
	unsigned lines = 0;

	while ((text = strstr(text, "\r\n"))) {
		text += 2;
		lines++;
	}
	return lines;
}

enum connect_state net_talk(int fd, const struct net_question *q, struct buf *answer, struct buf *error)
{
	if (file_write(fd, q->text->data, q->text->len) != 0) {
		buf_puts(error, strerror(errno));
		return CONNECT_FAILED;
	}
	while (net_lines(answer->data) < q->lines && answer->len < NET_ANSWER_MAX) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, clock_poll(q->deadline)) == 0) {
			buf_puts(error, "no answer in time");
			return CONNECT_SILENT;
		}
		n = read(fd, buf_room(answer, 1024), 1024);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			buf_puts(error, n ? strerror(errno) : "the connection was closed");
			return CONNECT_FAILED;
		}
		answer->len += (size_t)n;
		answer->data[answer->len] = '\0';
	}
	return CONNECTED;
}
