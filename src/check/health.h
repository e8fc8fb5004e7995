/*
 * health - what is said of the answers of a probe, for people and for programs.
 *
 * Docker keeps the first 4096 bytes that a healthcheck says, so no more than that is
 * ever said; where it is too much, what failed comes before what did not and
 * long words are cut. No secret shows, and all of it is UTF-8.
 */
#ifndef CHECK_HEALTH_H
#define CHECK_HEALTH_H

#include "check/probe.h"

#define HEALTH_MAX 4096

/* DONE when all hold, else NO: what cannot be told is no pass. */
int health_status(const struct probe *p);

/* Appends lines as Kubernetes' own health endpoints have them: the verdict, then
 * `[+]ready ok 3ms`, `[-]table=users failed: why` or `[?]redis=cache unknown: why` for each
 * check, with ` on user@host:port/db` behind its name where there are several targets. */
void health_text(const struct probe *p, struct buf *out);

/* Appends one line of JSON as draft-inadarei-api-health-check-06 has it (a status of pass
 * or fail); each check also has its own text under the name `check`. */
void health_json(const struct probe *p, struct buf *out);

/* Appends the verdict, as text or JSON, where nothing could be asked; of why JSON has as much as
 * there is room for. */
void health_refused(bool json, const char *why, struct buf *out);

#endif
