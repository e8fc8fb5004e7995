/* forecast - what `pgrestore plan` says of the way a backup would take. */
#include "restore/forecast.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/show.h"
#include "base/size.h"

void forecast_need(const struct manifest *m)
{
	bool known = m && m->database_bytes > 0;
	char *size = known ? size_text(m->database_bytes) : NULL;

	if (known)
		show("needs:   about %s, the size of the database then\n", size);
	free(size);
}

static void show_properties(const struct apply *p)
{
	char *form = properties_form(&p->properties), *rest = properties_words(&p->properties);

	show("as:      %s%s%s\n", form, *rest ? ", with " : "", rest);
	free(form);
	free(rest);
}

void forecast_apply(const struct apply *p, enum apply_mode mode, const struct target *target, bool superuser)
{
	const char *user = conninfo_get(&target->conninfo, "user");

	show("would:   %s\n", apply_words(mode));
	if (target->kind != TARGET_PG)
		return;
	if (mode == APPLY_CREATE)
		show_properties(p);
	/* PostgreSQL's own semantics; who restores should know. */
	show("runs:    the backup's own code (constraints, defaults, index expressions) as %s%s\n",
	     user ? user : "this login", superuser ? ", a superuser: where its owner is not "
	     "trusted, restore with the owner's login" : "");
}
