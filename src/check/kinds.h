/*
 * kinds - how a check of each kind is asked, and what its argument may be.
 *
 * Each check_NAME is what struct check_kind has of it; each NAME_valid says whether an argument is one
 * that it can ask.
 */
#ifndef CHECK_KINDS_H
#define CHECK_KINDS_H

#include "check/kind.h"

struct migration;

/* check_db.c */
void check_ready(const struct check *, struct db *, int64_t, struct finding *);
void check_writable(const struct check *, struct db *, int64_t, struct finding *);
void check_standby(const struct check *, struct db *, int64_t, struct finding *);
void check_table(const struct check *, struct db *, int64_t, struct finding *);
void check_rows(const struct check *, struct db *, int64_t, struct finding *);
void check_rows_of_view(const struct check *, struct db *, int64_t, struct finding *);
void check_query(const struct check *, struct db *, int64_t, struct finding *);
void check_extension(const struct check *, struct db *, int64_t, struct finding *);
void check_seeded(const struct check *, struct db *, int64_t, struct finding *);

/* check_server.c */
void check_connections(const struct check *, struct db *, int64_t, struct finding *);
void check_lag(const struct check *, struct db *, int64_t, struct finding *);

/* check_migrated.c */
bool migrated_valid(const char *arg);
void check_migrated(const struct check *, struct db *, int64_t, struct finding *);

/* Reads an argument; false when it is not written so. migration_free after both. */
bool migrated_read(struct migration *m, const char *text);

/* check_service.c */
bool tcp_valid(const char *arg);
bool http_valid(const char *arg);
void check_tcp(const struct check *, int64_t, struct finding *);
void check_http(const struct check *, int64_t, struct finding *);
void check_file(const struct check *, int64_t, struct finding *);
void check_disk(const struct check *, int64_t, struct finding *);

/* check_redis.c */
bool redis_valid(const char *arg);
void check_redis(const struct check *, int64_t, struct finding *);

/* Judges what a Redis server answered to AUTH and PING, or to PING alone: at most its first error is
 * quoted. */
void redis_judge(const char *answer, size_t len, struct finding *f);

/* check_backup.c */
void check_backup(const struct check *, int64_t, struct finding *);

#endif
