/*
 * Fuzzes dump/properties on the statements of an archive and on a manifest's JSON, which are anybody's: what is read is
 * whole, and what is left out is gone.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "dump/properties.h"

static void check_whole(const struct properties *p)
{
	for (size_t i = 0; i < p->n_rights; i++)
		MUST(p->rights[i].privileges && p->rights[i].privileges <= RIGHT_ALL);
	for (size_t i = 0; i < p->n_settings; i++)
		MUST(p->settings[i].name && p->settings[i].values.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_text(data, size);
	struct manifest m = { .properties = text };
	struct properties p = PROPERTIES_INIT;
	struct strs roles = { 0 };

	properties_parse(&p, text);
	properties_of_manifest(&p, &m);
	check_whole(&p);
	free(properties_form(&p));
	free(properties_words(&p));
	properties_disown(&p, "me");
	properties_roles(&p, &roles);
	properties_without(&p, &roles);
	strs_free(&roles);
	properties_roles(&p, &roles);
	MUST(roles.n == 0);
	properties_free(&p);
	free(text);
	return 0;
}
