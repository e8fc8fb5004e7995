/* progress - one line on a terminal that says how far something is. */
#include "base/progress.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "base/msg.h"

#define BAR 20
#define PAUSE_MS 100
#define COLUMNS 80

static bool drawn;
static int64_t next; /* clock_ms() of the next drawing */

bool progress_is_shown(void)
{
	return isatty(STDERR_FILENO) && msg_limit >= MSG_INFO;
}

/* Cut at the terminal's width: what wraps cannot be drawn over. */
static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col - 1U;
	return COLUMNS - 1;
}

static void add_bar(struct buf *line, int percent)
{
	buf_putc(line, '[');
	for (int i = 0; i < BAR; i++)
		buf_putc(line, i * 100 < percent * BAR ? '#' : '.');
	buf_printf(line, "] %3d %% ", percent);
}

void progress_draw(const char *label, int percent, const char *what)
{
	struct buf line = BUF_INIT;

	if (percent != 100 && clock_ms() < next)
		return;
	next = clock_ms() + PAUSE_MS;
	utf8_blank(&line, label);
	buf_putc(&line, ' ');
	if (percent >= 0)
		add_bar(&line, percent);
	utf8_blank(&line, what);
	if (line.len > columns())
		buf_cut(&line, columns());
	file_write(STDERR_FILENO, "\r", 1);
	file_write(STDERR_FILENO, line.data, line.len);
	file_write(STDERR_FILENO, "\033[K", 3);
	drawn = true;
	buf_free(&line);
}

void progress_clear(void)
{
	if (drawn)
		file_write(STDERR_FILENO, "\r\033[K", 4);
	drawn = false;
	next = 0;
}
