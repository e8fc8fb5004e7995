/* connect_state - what came of trying to reach something. */
#include "base/connect_state.h"

#include "base/banned.h"
#include "base/status.h"

const char *reach_text(enum reach reach)
{
	static const char *const texts[] = {
		[REACHED] = "reached",
		[REACH_NO_NAME] = "host name does not resolve",
		[REACH_REFUSED] = "connection refused",
		[REACH_SILENT] = "no answer",
		[REACH_STARTING] = "server is not accepting logins yet",
		[REACH_FULL] = "too many connections",
		[REACH_DENIED] = "login refused",
		[REACH_NO_DATABASE] = "no such database",
		[REACH_INVALID] = "the server refuses a parameter of the connection",
		[REACH_FAILED] = "connection failed",
	};

	return texts[reach];
}

int reach_status(enum reach reach)
{
	return reach == REACHED ? DONE : reach == REACH_DENIED ? DENIED : UNAVAILABLE;
}
