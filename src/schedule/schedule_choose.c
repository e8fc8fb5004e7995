/* schedule_choose - which schedule the settings mean, and in whose time zone. */
#include "base/banned.h"
#include "base/env.h"
#include "base/status.h"
#include "schedule/schedule.h"
#include "schedule/zone.h"

static int use_zone(const struct schedule *s, const char *zone, struct strs *warnings, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = 0;

	if (s->zone)
		zone = s->zone;
	if (!zone && (rc = env_get("TZ", &zone, error)) != 0)
		return rc;
	if (zone_use(zone, &why) != 0 && s->kind == SCHEDULE_CRON) {
		buf_printf(error, "the time zone: %s", why.data);
		rc = BAD_CONFIG;
	} else if (why.len) {
		strs_printf(warnings, "the time zone: %s: days are those of UTC", why.data);
	}
	buf_free(&why);
	return rc;
}

int schedule_choose(struct schedule *s, int64_t every, const char *cron, const char *zone,
                    struct strs *warnings, struct buf *error)
{
	struct buf why = BUF_INIT;
	bool has_cron = cron && *cron;

	*s = (struct schedule){ .kind = every ? SCHEDULE_EVERY : SCHEDULE_NONE, .every = every };
	if (every && has_cron)
		buf_puts(error, "an interval and a cron schedule are set: leave one of them");
	else if (has_cron && schedule_read(s, cron, &why) != 0)
		buf_printf(error, "the cron schedule: %s", why.data);
	buf_free(&why);
	return error->len ? BAD_CONFIG : use_zone(s, zone, warnings, error);
}
