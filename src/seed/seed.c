/* seed - what is to be seeded, and what is known of it. */
#include "seed/seed.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/teller.h"
#include "ext/hash.h"
#include "seed/seed_files.h"

struct marker_key seed_key(const struct seed *s)
{
	return (struct marker_key){ s->name, s->schema };
}

void seed_tell(const struct seed *s, enum msg_level level, const char *format, ...)
{
	struct buf line = BUF_INIT;
	va_list args;

	buf_printf(&line, "%s: ", s->target->shown);
	va_start(args, format);
	buf_vprintf(&line, format, args);
	va_end(args);
	teller_say(s->tell, level, line.data);
	buf_free(&line);
}

int seed_load(struct seed *s, const struct strs *paths, struct buf *error)
{
	char text[HASH_TEXT];
	int rc = 0;

	for (size_t i = 0; i < paths->n && !rc; i++)
		rc = seed_files_find(paths->v[i], &s->files, error);
	if (!rc && s->files.n)
		rc = seed_files_hash(&s->files, text, error);
	if (!rc && s->files.n)
		s->marker.sha256 = xstrdup(text);
	return rc;
}

int seed_read(const struct seed *s, struct db *db, struct marker *m)
{
	struct buf error = BUF_INIT;
	int rc = db_reopen(db, s->target, clock_after(SEED_ASK_MS), &error);

	*m = (struct marker){ .state = MARKER_NONE };
	if (!rc)
		rc = marker_read(db, seed_key(s), clock_after(SEED_ASK_MS), m, &error);
	if (rc)
		teller_say(s->tell, MSG_ERROR, error.data);
	buf_free(&error);
	return rc;
}

const char *seed_state(const struct seed *s, const struct marker *m, int64_t deadline)
{
	struct lock lock;
	bool known, held;

	if (m->state != MARKER_RUNNING)
		return marker_state_name(m->state);
	lock_init(&lock, LOCK_SEED, s->target, s->name);
	held = lock_is_held(&lock, deadline, &known);
	lock_free(&lock);
	return held || !known ? marker_state_name(m->state) : "interrupted";
}
