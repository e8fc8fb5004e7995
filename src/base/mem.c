/* mem - memory that is there, or the end of the process. */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/status.h"

static void (*at_end)(const char *reason);

void mem_at_end(void (*tell)(const char *reason))
{
	at_end = tell;
}

/* What tells it may need memory itself, and then it ends here. */
static _Noreturn void run_out(size_t n, size_t size)
{
	void (*tell)(const char *) = at_end;
	char reason[80];

	at_end = NULL;
	snprintf(reason, sizeof(reason), "out of memory (%zu times %zu bytes)", n, size);
	if (tell)
		tell(reason);
	dprintf(STDERR_FILENO, "pgbox: error: %s\n", reason);
	_exit(CANNOT_WRITE);
}

void *xrealloc(void *p, size_t size)
{
	void *grown = realloc(p, size ? size : 1);

	if (!grown)
		run_out(1, size);
	return grown;
}

void *xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		run_out(n, size);
	return p;
}

char *xstrndup(const char *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}
