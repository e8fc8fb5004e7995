/*
 * msg - what is said on stderr, and how a program ends.
 *
 * A message is one line `applet: level: text`, sent with one write(2) so that
 * the lines of parallel processes never mix. Characters that a terminal obeys
 * (utf8_hidden; server texts are foreign data) are blanked, known secrets masked. PGBOX_LOG=json makes each
 * line a JSON object with a timestamp. Only applets, option parsing and main
 * talk; libraries return.
 */
#ifndef BASE_MSG_H
#define BASE_MSG_H

#include <stdbool.h>

enum msg_level { MSG_ERROR, MSG_WARNING, MSG_INFO, MSG_DEBUG };

/* The most talkative level that is printed; -q sets MSG_ERROR, -v MSG_DEBUG. */
extern enum msg_level msg_limit;

/* Names the applet in front of each line, also of what mem says at the end; the string must outlive the
 * process. */
void msg_name(const char *applet);

/* The name given last, or "pgbox". */
const char *msg_applet(void);

/* PGBOX_LOG's value, or NULL: false when it is neither "text" nor "json". */
bool msg_format(const char *format);

void msg(enum msg_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says each of the texts. */
struct strs;
void msg_each(enum msg_level level, const struct strs *texts);

/* Says an error and exits with status, or what proc_ending makes of it. */
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says of a status that stays the same however often the process is started again, BAD_CONFIG and BROKEN_OFF,
 * that it does: restart policies start it for ever. Nothing in a child of the process that msg_name was
 * called in. die() does it by itself. */
void msg_ending(int status);

/* Flushes stdout; dies with CANNOT_WRITE when something that was printed has not
 * arrived: a full disk shows itself only here. */
void msg_check_stdout(void);

/* Has die() call it first, with its words, secrets masked: for what belongs on stdout then. */
void msg_before_death(void (*tell)(const char *error));

/* The line that msg() would write, for a signal handler to write later. The
 * caller frees it. */
char *msg_line(enum msg_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has that line written when a signal ends this process, in place of the last one. */
void msg_at_signal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Masks the registered secrets in text. */
struct buf;
void msg_mask(struct buf *text);

/* A text of the user's as a message may quote it: itself when it is a plain word
 * ([A-Za-z0-9_.-]), else "...". What stands in the wrong place on a command line
 * may be a URL with a password. */
const char *msg_word(const char *text);

/* Registers a secret: every later message shows it as ***. Texts of fewer
 * than four bytes are ignored (masking them would garble every line); those
 * are kept out of messages by never putting a conninfo into one. */
void msg_secret(const char *secret);

#endif
