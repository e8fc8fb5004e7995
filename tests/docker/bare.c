/*
 * bare - what a shell does for a test, in an image that has none, and in less of
 * a container than Docker leaves: without /proc, and as any uid.
 *
 * usage: bare UID COUNT COMMAND [ARG...] [, COMMAND [ARG...]]...
 *
 * Unmounts /proc (wants CAP_SYS_ADMIN), becomes UID, and runs each command, COUNT
 * times if it is not 1; stops at the first that does not end with 0, or with N
 * where it is written as =N COMMAND. Exits with 0 when all ended as wanted.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(char **words)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execv(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(char **words, int count)
{
	int wanted = 0, status;

	if (words[0] && words[0][0] == '=')
		wanted = atoi(*words++ + 1);
	if (!words[0])
		return 0;
	while (count-- > 0) {
		status = status_of(words);
		if (status != wanted) {
			fprintf(stderr, "bare: %s %s: status %d, not %d\n", words[0], words[1] ? words[1] : "", status, wanted);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	uid_t uid;
	int count;
	char **words = argv + 3;

	if (argc < 4)
		return 64;
	uid = (uid_t)atoi(argv[1]);
	count = atoi(argv[2]);
	if (umount2("/proc", MNT_DETACH) || access("/proc/self", F_OK) == 0) {
		perror("bare: umount /proc");
		return 1;
	}
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid))) {
		perror("bare: setuid");
		return 1;
	}
	for (char **word = words;; word++) {
		int last = !*word;

		if (!last && strcmp(*word, ",") != 0)
			continue;
		*word = NULL;
		if (run(words, count))
			return 1;
		if (last)
			return 0;
		words = word + 1;
	}
}
