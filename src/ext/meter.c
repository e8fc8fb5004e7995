/* meter - how far a restore in child processes is. */
#include "ext/meter.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/banned.h"
#include "ext/meter_child.h"

#define NAME 128
#define SOMETIMES 16 /* calls between two looks at the position: each is a system call */

struct meter {
	_Atomic int64_t read, sent;
	char table[NAME]; /* may be read while it is written: its last byte is always zero */
};

static struct meter *own;
static FILE *source;
static off_t last = -1; /* where it was at the last look; -1: none since rows began */
static unsigned calls;
static bool plain; /* what is sent is what was read */

struct meter *meter_make(void)
{
	void *memory =
		mmap(NULL, sizeof(struct meter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int64_t meter_read(const struct meter *m)
{
	return atomic_load(&m->read);
}

int64_t meter_sent(const struct meter *m)
{
	return atomic_load(&m->sent);
}

void meter_table(const struct meter *m, struct buf *name)
{
	buf_add(name, m->table, strnlen(m->table, NAME - 1));
}

void meter_free(struct meter *m)
{
	if (m)
		munmap(m, sizeof(*m));
}

void meter_use(struct meter *m)
{
	own = m;
}

void meter_text(bool as_it_is)
{
	plain = as_it_is;
}

void meter_file(FILE *file)
{
	source = file;
	last = -1;
}

/* COPY name (columns) FROM stdin; */
void meter_statement(const char *sql)
{
	const char *name = own ? skip_prefix(sql, "COPY ") : NULL;
	size_t len = name ? strcspn(name, " (") : 0;

	if (!name)
		return;
	len = len < NAME - 1 ? len : NAME - 1;
	memset(own->table, 0, NAME);
	memcpy(own->table, name, len);
}

void meter_rows(int len)
{
	off_t at;

	if (!own)
		return;
	atomic_fetch_add(&own->sent, len);
	if (plain)
		atomic_fetch_add(&own->read, len);
	if (!source || (last >= 0 && ++calls % SOMETIMES))
		return;
	at = ftello(source);
	if (last >= 0 && at > last)
		atomic_fetch_add(&own->read, at - last);
	last = at;
}

void meter_end(void)
{
	last = -1;
}
