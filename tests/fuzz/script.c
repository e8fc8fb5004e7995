/* Fuzzes ext/script: comments and blanks before a statement, and the case of its letters, change nothing. (Statistics
 * are known by the very form that pg_dump gives them.) */
#include "fuzz.h"

#include <ctype.h>

#include "base/banned.h"
#include "base/buf.h"
#include "ext/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len), *behind = xasprintf("/* a /* b */ */ -- c\n\t%s", text);
	enum script_kind kind = script_judge(text);

	MUST(script_judge(behind) == kind);
	for (char *at = text; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	MUST(kind == SCRIPT_STATISTICS || script_judge(text) == kind);
	free(behind);
	free(text);
	return 0;
}
