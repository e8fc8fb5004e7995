/* size - numbers of bytes as people read them. */
#include "base/size.h"

#include <stddef.h>

#include "base/banned.h"
#include "base/buf.h"

char *size_text(int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	double number = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000)
		return xasprintf("%d byte%s", (int)bytes, plural(bytes));
	for (; number >= 999.95 && i + 1 < sizeof(units) / sizeof(*units); i++)
		number /= 1000;
	return xasprintf("%.1f %s", number, units[i]);
}

const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}
