/* Takes the place of msg_secret, which keeps every secret that it gets until the process ends: millions of inputs
 * would fill the memory. A target that wants a secret kept calls __real_msg_secret. */
#include "base/banned.h"
#include "base/msg.h"

void __wrap_msg_secret(const char *secret);

void __wrap_msg_secret(const char *secret)
{
	(void)secret;
}
