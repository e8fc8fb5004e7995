/* finding - what a question about a database or its surroundings found. */
#include "db/finding.h"

#include <string.h>

#include "base/banned.h"
#include "base/status.h"

void finding_reset(struct finding *f)
{
	f->verdict = UNKNOWN;
	f->reach = CONNECTED;
	f->final = 0;
	f->lasting = f->certain = f->near = false;
	f->value = -1;
	buf_cut(&f->why, 0);
}

void finding_set(struct finding *f, enum verdict verdict, const char *format, ...)
{
	va_list args;

	f->verdict = verdict;
	buf_cut(&f->why, 0);
	va_start(args, format);
	buf_vprintf(&f->why, format, args);
	va_end(args);
}

void finding_pass(struct finding *f)
{
	f->verdict = PASS;
	buf_cut(&f->why, 0);
}

void finding_unknown(struct finding *f, struct db *db)
{
	finding_set(f, UNKNOWN, "%s", db_error(db));
	if (strcmp(db_sqlstate(db), "42501") == 0)
		f->final = DENIED;
	if (db->pg.statement_pooled) {
		f->final = UNAVAILABLE;
		f->certain = true;
	}
}

void finding_free(struct finding *f)
{
	buf_free(&f->why);
}
