/* foreign_settings - variables of other programs that say what pgbackup is told by variables of its own. */
#include "backup/foreign_settings.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/banned.h"
#include "base/status.h"
#include "db/foreign.h"

enum foreign_topic { DATABASES, ENCRYPTION, OTHER_ENCRYPTION, KEEP, SCHEDULE, BUCKET };

static const struct foreign_setting {
	const char *name; /* as foreign_find takes it */
	enum foreign_topic what;
	size_t rule;      /* KEEP: where struct retention has it */
	const char *ours; /* KEEP: the variable for it */
} variables[] = {
	{ .name = "DBLIST", .what = DATABASES },
	{ .name = "PGBK_DBLIST", .what = DATABASES },
	{ .name = "POSTGRES_DBS", .what = DATABASES },
	{ .name = "POSTGRES_DATABASES", .what = DATABASES },
	{ .name = "POSTGRES_MULTIPLE_DATABASES", .what = DATABASES },
	{ .name = "BACKUP_DB", .what = DATABASES },
	{ .name = "BACKUP_DBS", .what = DATABASES },
	{ .name = "BACKUP_DB_NAME", .what = DATABASES },
	{ .name = "BACKUP_DATABASE", .what = DATABASES },
	{ .name = "POSTGRES_CLUSTER", .what = DATABASES },
	{ .name = "POSTGRES_BACKUP_ALL", .what = DATABASES },
	{ .name = "DB_NAMES", .what = DATABASES },
	{ .name = "DB_DUMP_INCLUDE", .what = DATABASES },

	{ .name = "PASSPHRASE", .what = ENCRYPTION },
	{ .name = "BACKUP_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "BACKUP_PASSWORD", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPT", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPT_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPT_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPT_RECIPIENTS", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_PASSWORD", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "BACKUP_GPG_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_GPG_RECIPIENT", .what = ENCRYPTION },
	{ .name = "BACKUP_GPG_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_PGP_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_PGP_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTED", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_ENABLED", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_RECIPIENT", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_RECIPIENTS", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_ENCRYPTION_METHOD", .what = ENCRYPTION },
	{ .name = "BACKUP_GPG_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "BACKUP_AGE_RECIPIENTS", .what = ENCRYPTION },
	{ .name = "BACKUP_AGE_RECIPIENT", .what = ENCRYPTION },
	{ .name = "BACKUP_AGE_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "BACKUP_AGE_PUBLIC_KEYS", .what = ENCRYPTION },
	{ .name = "BACKUP_AGE_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "AGE_PUBLIC_KEYS", .what = ENCRYPTION },
	{ .name = "AGE_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "AGE_RECIPIENTS", .what = ENCRYPTION },
	{ .name = "AGE_RECIPIENT", .what = ENCRYPTION },
	{ .name = "AGE_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "PGP_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "PGP_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "GPG_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "GPG_PUBLIC_KEY_RING", .what = ENCRYPTION },
	{ .name = "GPG_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "GPG_RECIPIENT", .what = ENCRYPTION },
	{ .name = "GPG_KEY_ID", .what = ENCRYPTION },
	{ .name = "CIPHER_PASS", .what = ENCRYPTION },
	{ .name = "CIPHER_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "PGBK_ENCRYPT", .what = ENCRYPTION },
	{ .name = "PGBK_CIPHER_PASS", .what = ENCRYPTION },
	{ .name = "PGBK_CIPHER_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "ENCRYPTION_PASSWORD", .what = ENCRYPTION },
	{ .name = "ENCRYPTION_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "ENCRYPT", .what = ENCRYPTION },
	{ .name = "ENCRYPT_KEY", .what = ENCRYPTION },
	{ .name = "ENCRYPT_PASS", .what = ENCRYPTION },
	{ .name = "ENCRYPT_PASSWORD", .what = ENCRYPTION },
	{ .name = "ENCRYPT_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "ENCRYPT_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "DEFAULT_ENCRYPT", .what = ENCRYPTION },
	{ .name = "DEFAULT_ENCRYPT_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "DEFAULT_ENCRYPT_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "DB##_ENCRYPT", .what = ENCRYPTION },
	{ .name = "DB##_ENCRYPT_PASSPHRASE", .what = ENCRYPTION },
	{ .name = "DB##_ENCRYPT_PUBLIC_KEY", .what = ENCRYPTION },
	{ .name = "DB_DUMP_ENCRYPTION", .what = ENCRYPTION },
	{ .name = "DB_DUMP_ENCRYPTION_PASS_PHRASE", .what = ENCRYPTION },
	{ .name = "RESTIC_PASSWORD", .what = OTHER_ENCRYPTION },
	{ .name = "BORG_PASSPHRASE", .what = OTHER_ENCRYPTION },

#define RULE(field, variable) .what = KEEP, .rule = offsetof(struct retention, field), .ours = variable
	{ .name = "REMOVE_BEFORE", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "DELETE_OLDER_THAN", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "RETENTION_DAYS", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "BACKUP_RETENTION", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "RETENTION", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "KEEP_DAYS", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "DAYS_TO_KEEP", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "PGBK_PURGE", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "PGBK_PURGE_OLDER_THAN", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "DB_CLEANUP_TIME", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "DEFAULT_CLEANUP_TIME", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "DB##_CLEANUP_TIME", RULE(days, "BACKUP_KEEP_DAYS") },
	{ .name = "CONSOLIDATE_AFTER", RULE(daily, "BACKUP_KEEP_DAILY") },
	{ .name = "BACKUP_KEEP_MINS", RULE(last, "BACKUP_KEEP_LAST") },
	{ .name = "BACKUP_KEEP_WEEKS", RULE(weekly, "BACKUP_KEEP_WEEKLY") },
	{ .name = "KEEP_WEEKS", RULE(weekly, "BACKUP_KEEP_WEEKLY") },
	{ .name = "BACKUP_KEEP_MONTHS", RULE(monthly, "BACKUP_KEEP_MONTHLY") },
	{ .name = "KEEP_MONTHS", RULE(monthly, "BACKUP_KEEP_MONTHLY") },
	{ .name = "BACKUP_KEEP_YEARS", RULE(yearly, "BACKUP_KEEP_YEARLY") },
	{ .name = "BACKUP_KEEP_HOURS", RULE(hourly, "BACKUP_KEEP_HOURLY") },
	{ .name = "BACKUP_NUM_KEEP", RULE(last, "BACKUP_KEEP_LAST") },
	{ .name = "BACKUP_MAX", RULE(last, "BACKUP_KEEP_LAST") },
	{ .name = "MAX_BACKUPS", RULE(last, "BACKUP_KEEP_LAST") },
	{ .name = "KEEP_BACKUPS", RULE(last, "BACKUP_KEEP_LAST") },
	{ .name = "MIN_SAVED_FILE", RULE(min, "BACKUP_KEEP_MIN") },
	{ .name = "PGBK_PURGE_MIN_KEEP", RULE(min, "BACKUP_KEEP_MIN") },

	{ .name = "BACKUP_CRON_EXPRESSION", .what = SCHEDULE },
	{ .name = "BACKUP_SCHEDULE", .what = SCHEDULE },
	{ .name = "BACKUP_FREQUENCY", .what = SCHEDULE },
	{ .name = "BACKUP_PERIOD", .what = SCHEDULE },
	{ .name = "CRON_EXPRESSION", .what = SCHEDULE },
	{ .name = "CRON_TIME", .what = SCHEDULE },
	{ .name = "DB_DUMP_FREQ", .what = SCHEDULE },
	{ .name = "DB_DUMP_FREQUENCY", .what = SCHEDULE },
	{ .name = "DEFAULT_BACKUP_INTERVAL", .what = SCHEDULE },
	{ .name = "DB##_BACKUP_INTERVAL", .what = SCHEDULE },

	{ .name = "AWS_S3_BUCKET_NAME", .what = BUCKET },
	{ .name = "S3_BUCKET_NAME", .what = BUCKET },
	{ .name = "DEFAULT_S3_BUCKET", .what = BUCKET },
	{ .name = "DB##_S3_BUCKET", .what = BUCKET },
};

#define EACH(v)                                                                                              \
	(const struct foreign_setting *v = variables;                                                        \
	 v < variables + sizeof(variables) / sizeof(*variables); v++)

static void warn(struct strs *warnings, const struct foreign *f, const char *advice)
{
	strs_printf(warnings, "%s is set, but pgbox does not read it: %s", f->name, advice);
}

static int judge_rule(const struct foreign_setting *v, const struct foreign *f, const struct retention *keep,
                      struct strs *warnings, struct buf *error)
{
	long own = *(const long *)(const void *)((const char *)keep + v->rule);
	bool least = v->rule == offsetof(struct retention, min);
	bool enough = least ? f->value && atol(f->value) <= own : own > 0;

	if (!retention_is_on(keep)) {
		strs_printf(warnings, "%s is set, but pgbox does not read it: set %s; until then nothing is "
		            "deleted",
		            f->name, v->ours);
	} else if (enough) {
		strs_printf(warnings, "%s is set, but pgbox does not read it: %s decides", f->name, v->ours);
	} else {
		buf_printf(error, "%s says what to keep, but pgbox does not read it, and the other rules "
		           "would delete that: set %s, or unset %s", f->name, v->ours, f->name);
		return BAD_CONFIG;
	}
	return 0;
}

static int judge(const struct foreign_setting *v, const struct foreign *f, const struct foreign_settings *b,
                 struct strs *warnings, struct buf *error)
{
	if (v->what == KEEP)
		return judge_rule(v, f, b->keep, warnings, error);
	if (v->what == ENCRYPTION && !b->plain)
		buf_printf(error, "%s asks for encrypted backups, and pgbox would write plain ones: encrypt "
		           "the folder or the bucket, and set BACKUP_ENCRYPTION=none to say that plain "
		           "backups are meant", f->name);
	else if (v->what == DATABASES && !b->databases)
		buf_printf(error, "%s names databases, but pgbox does not read it: set BACKUP_DATABASES (* "
		           "for all), or unset %s", f->name, f->name);
	else if (v->what == DATABASES)
		warn(warnings, f, "BACKUP_DATABASES, --all or the operands decide");
	else if (v->what == OTHER_ENCRYPTION && !b->plain)
		warn(warnings, f,
		     "backups are not encrypted; BACKUP_ENCRYPTION=none says that this is meant");
	else if (v->what == SCHEDULE && !b->scheduled)
		warn(warnings, f, "set BACKUP_INTERVAL or BACKUP_CRON; this is one run");
	else if (v->what == BUCKET && !b->bucket)
		warn(warnings, f, "set S3_BUCKET; nothing is uploaded");
	return error->len ? BAD_CONFIG : 0;
}

int foreign_settings_judge(const struct foreign_settings *b, struct strs *warnings, struct buf *error)
{
	int rc = 0;

	for EACH(v) {
		struct foreign f = foreign_find(v->name);

		if (f.name && !rc)
			rc = judge(v, &f, b, warnings, error);
		free(f.name);
	}
	return rc;
}
