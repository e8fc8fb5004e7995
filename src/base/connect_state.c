/* connect_state - what came of trying to reach something. */
#include "base/connect_state.h"

#include "base/banned.h"
#include "base/status.h"

const char *connect_state_text(enum connect_state reach)
{
	static const char *const texts[] = {
		[CONNECTED] = "reached",
		[CONNECT_NO_NAME] = "host name does not resolve",
		[CONNECT_REFUSED] = "connection refused",
		[CONNECT_SILENT] = "no answer",
		[CONNECT_STARTING] = "server is not accepting logins yet",
		[CONNECT_FULL] = "too many connections",
		[CONNECT_DENIED] = "login refused",
		[CONNECT_NO_DATABASE] = "no such database",
		[CONNECT_INVALID] = "the server refuses a parameter of the connection",
		[CONNECT_FAILED] = "connection failed",
	};

	return texts[reach];
}

int connect_state_status(enum connect_state reach)
{
	return reach == CONNECTED ? DONE : reach == CONNECT_DENIED ? DENIED : UNAVAILABLE;
}
