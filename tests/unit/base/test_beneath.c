/* Unit tests of base/beneath, and of base/file under a guard: by openat2(2), and again without it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"

#define OPENAT2 437

/* A fresh, guarded folder, the current one's `guarded`, with a file outside of it. */
static int enter(void **state)
{
	static int n;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "../case%d", n++);
	if ((n > 1 || (mkdir("case", 0700) == 0 && chdir("case") == 0)) && mkdir(name, 0700) == 0 && chdir(name) == 0) {
		mkdir("guarded", 0700);
		mkdir("guarded/app", 0700);
		put_text("victim", "victim");
		mkdir("outside", 0700);
		put_text("outside/file", "outside");
		beneath_guard("guarded/");
		return 0;
	}
	return -1;
}

static void equals_file(const char *path, const char *text)
{
	struct buf b = BUF_INIT;

	assert_int_equal(file_read(path, &b, 1000), 0);
	assert_string_equal(b.data, text);
	buf_free(&b);
}

static void fails_to_open(const char *path, int flags, int err)
{
	int fd = beneath_open(path, flags, 0600);

	assert_int_equal(fd, -1);
	assert_int_equal(errno, err);
}

static void files_below_are_made_read_and_renamed(void **state)
{
	int fd;

	(void)state;
	fd = beneath_open("guarded/app/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(file_write(fd, "text", 4), 0);
	close(fd);
	equals_file("guarded//app/./new", "text");
	assert_int_equal(beneath_rename("guarded/app/new", "guarded/old"), 0);
	equals_file("guarded/old", "text");
	fails_to_open("guarded/app/new", O_RDONLY, ENOENT);
	fails_to_open("guarded/old/file", O_RDONLY, ENOTDIR);
	fails_to_open("guarded/old", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
	assert_int_equal(beneath_unlink("guarded/old"), 0);
	assert_false(file_exists("guarded/old"));
}

static void no_symlink_is_followed_at_the_end(void **state)
{
	struct stat st;
	char *target;

	(void)state;
	assert_int_equal(symlink("../../victim", "guarded/app/link"), 0);
	assert_int_equal(symlink("../../nothing", "guarded/app/dangling"), 0);
	fails_to_open("guarded/app/link", O_RDONLY, ELOOP);
	fails_to_open("guarded/app/link", O_WRONLY | O_CREAT | O_TRUNC, ELOOP);
	fails_to_open("guarded/app/dangling", O_WRONLY | O_CREAT, ELOOP);
	assert_false(file_exists("guarded/app/link"));
	assert_int_equal(beneath_lstat("guarded/app/link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	target = beneath_readlink("guarded/app/link");
	assert_string_equal(target, "../../victim");
	free(target);
	equals_file("victim", "victim");
	assert_int_equal(access("nothing", F_OK), -1);
}

static void no_symlink_is_followed_on_the_way(void **state)
{
	struct strs names = { 0 };
	static const char *const all[] = { "", NULL };

	(void)state;
	assert_int_equal(symlink("../outside", "guarded/link"), 0);
	fails_to_open("guarded/link/file", O_RDONLY, ELOOP);
	fails_to_open("guarded/link/new", O_WRONLY | O_CREAT, ELOOP);
	fails_to_open("guarded/link", O_RDONLY | O_DIRECTORY, ELOOP);
	assert_int_equal(beneath_unlink("guarded/link/file"), -1);
	assert_int_equal(errno, ELOOP);
	put_text("guarded/mine", "");
	assert_int_equal(beneath_rename("guarded/mine", "guarded/link/file"), -1);
	assert_int_equal(beneath_rename("guarded/link/file", "guarded/mine"), -1);
	assert_int_equal(beneath_mkdir("guarded/link/folder", 0700), -1);
	assert_int_equal(file_make_folders("guarded/link/folder", 0700), -1);
	assert_int_equal(file_make_folders("guarded/link", 0700), -1);
	assert_int_equal(file_list("guarded/link", all, &names), -1);
	assert_int_equal(file_folders("guarded", &names), 0);
	assert_int_equal(names.n, 1);
	assert_string_equal(names.v[0], "guarded/app");
	strs_free(&names);
	equals_file("outside/file", "outside");
	assert_int_equal(rmdir("outside"), -1);
	assert_int_equal(errno, ENOTEMPTY);
}

static void no_path_leads_out(void **state)
{
	(void)state;
	fails_to_open("guarded/../victim", O_RDONLY, EXDEV);
	fails_to_open("guarded/app/../../victim", O_RDONLY, EXDEV);
	assert_int_equal(file_remove("guarded/../outside"), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(beneath_rename("guarded/..", "guarded/x"), -1);
	equals_file("outside/file", "outside");
	assert_true(beneath_is_confined("app/app-1.dump"));
	assert_true(beneath_is_confined("..a/b..c/...d"));
	assert_false(beneath_is_confined("../a"));
	assert_false(beneath_is_confined("a/.."));
	assert_false(beneath_is_confined("/a"));
	assert_false(beneath_is_confined("a//b"));
	assert_false(beneath_is_confined("a/./b"));
	assert_false(beneath_is_confined(""));
}

static void pipes_and_devices_are_no_files(void **state)
{
	struct buf b = BUF_INIT;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("guarded/pipe", 0600), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	fails_to_open("guarded/pipe", O_RDONLY, ENXIO);
	fails_to_open("guarded/pipe", O_RDWR, ENXIO);
	fails_to_open("guarded/pipe", O_WRONLY, ENXIO);
	assert_int_equal(file_read("guarded/pipe", &b, 10), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(file_read_regular("pipe", &b, 10), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(file_read_regular("outside", &b, 10), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(beneath_mkfifo("guarded/pipe"), -1);
	assert_int_equal(beneath_mkfifo("guarded/ours"), 0);
	fd = beneath_open("guarded/ours", O_RDWR, 0);
	assert_true(fd >= 0);
	close(fd);
	buf_free(&b);
}

/* The guarded folder may be reached by other paths, and be a symlink itself. */
static void the_folder_is_known_by_any_path(void **state)
{
	char *here = realpath(".", NULL), *path = xasprintf("%s/guarded/link", here), *real;

	(void)state;
	assert_int_equal(symlink("guarded", "alias"), 0);
	put_text("guarded/file", "file");
	assert_int_equal(symlink("../victim", "guarded/link"), 0);
	equals_file("alias/file", "file");
	equals_file("./outside/../guarded/file", "file");
	fails_to_open("alias/link", O_RDONLY, ELOOP);
	fails_to_open(path, O_RDONLY, ELOOP);
	fails_to_open("./guarded/link", O_RDONLY, ELOOP);
	assert_true(beneath_is_guarded("alias/nothing/there"));
	assert_false(beneath_is_guarded("guarded"));
	assert_false(beneath_is_guarded("outside/file"));
	assert_int_equal(chdir("guarded"), 0);
	fails_to_open("link", O_RDONLY, ELOOP);
	real = beneath_real("link");
	assert_string_equal(real, path);
	assert_int_equal(chdir(".."), 0);
	free(real);
	free(path);
	free(here);
}

static void a_guard_that_is_a_symlink_is_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("outside", "by link"), 0);
	beneath_guard("by link");
	equals_file("by link/file", "outside");
	assert_int_equal(symlink("file", "outside/link"), 0);
	fails_to_open("by link/link", O_RDONLY, ELOOP);
	fails_to_open("outside/link", O_RDONLY, ELOOP);
}

static void files_beside_a_file_are_guarded(void **state)
{
	(void)state;
	beneath_guard_beside("outside/app.db");
	assert_int_equal(symlink("../victim", "outside/app.db.part"), 0);
	assert_int_equal(symlink("../victim", "outside/other"), 0);
	fails_to_open("outside/app.db.part", O_RDWR | O_CREAT, ELOOP);
	assert_int_equal(file_write_new("outside/app.db.part", "new", 3), 0);
	equals_file("outside/app.db.part", "new");
	equals_file("outside/other", "victim");
	equals_file("victim", "victim");
}

static void a_new_file_is_written_through_nothing(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("../victim", "guarded/new"), 0);
	assert_int_equal(file_write_new("guarded/new", "new", 3), 0);
	equals_file("guarded/new", "new");
	assert_int_equal(link("victim", "guarded/twice"), 0);
	assert_int_equal(file_write_mode("guarded/twice", 0644, "new", 3), 0);
	assert_int_equal(stat("guarded/twice", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* Not only below a guard. */
	assert_int_equal(symlink("victim", "bare"), 0);
	assert_int_equal(file_write_new("bare", "new", 3), 0);
	equals_file("bare", "new");
	equals_file("victim", "victim");
}

static void what_is_deleted_is_below(void **state)
{
	(void)state;
	mkdir("guarded/app/deep", 0700);
	put_text("guarded/app/deep/file", "");
	assert_int_equal(symlink("../../../outside", "guarded/app/deep/link"), 0);
	assert_int_equal(file_remove("guarded/app"), 0);
	assert_int_equal(access("guarded/app", F_OK), -1);
	assert_int_equal(file_remove("guarded/app"), 0);
	equals_file("outside/file", "outside");
	assert_int_equal(symlink("outside", "link"), 0);
	assert_int_equal(file_remove("link"), 0);
	equals_file("outside/file", "outside");
}

static long openat2_is_there(void)
{
	return syscall(OPENAT2, AT_FDCWD, ".", NULL, (size_t)0) == -1 && errno != ENOSYS;
}

/* As a kernel before 5.6 answers. */
static void openat2_goes_away(void **state)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPENAT2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };

	(void)state;
	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	assert_false(openat2_is_there());
}

#define CASES                                                                                      \
	cmocka_unit_test_setup(files_below_are_made_read_and_renamed, enter),                      \
	cmocka_unit_test_setup(no_symlink_is_followed_at_the_end, enter),                          \
	cmocka_unit_test_setup(no_symlink_is_followed_on_the_way, enter),                          \
	cmocka_unit_test_setup(no_path_leads_out, enter),                                          \
	cmocka_unit_test_setup(pipes_and_devices_are_no_files, enter),                             \
	cmocka_unit_test_setup(the_folder_is_known_by_any_path, enter),                            \
	cmocka_unit_test_setup(a_guard_that_is_a_symlink_is_followed, enter),                      \
	cmocka_unit_test_setup(files_beside_a_file_are_guarded, enter),                            \
	cmocka_unit_test_setup(a_new_file_is_written_through_nothing, enter),                      \
	cmocka_unit_test_setup(what_is_deleted_is_below, enter)

int main(void)
{
	const struct CMUnitTest tests[] = { CASES, cmocka_unit_test(openat2_goes_away), CASES };

	return unit_run("beneath", tests, scratch_make, scratch_remove);
}
