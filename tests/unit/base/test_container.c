/* Unit tests of base/container: tables of mounts as engines make them. */
#include <sys/stat.h>

#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "base/container.h"

/* A root whose table has those lines, and a marker of Docker's or none. */
static enum container_storage place_in(const char *name, const char *table, bool marked, char *const *env, const char *path)
{
	struct buf file = BUF_INIT;

	mkdir(name, 0755);
	buf_printf(&file, "%s/proc", name);
	mkdir(file.data, 0755);
	buf_puts(&file, "/self");
	mkdir(file.data, 0755);
	buf_puts(&file, "/mountinfo");
	put_text(file.data, table);
	buf_cut(&file, 0);
	buf_printf(&file, "%s/.dockerenv", name);
	if (marked)
		put_text(file.data, "");
	buf_free(&file);
	return container_storage(name, env, path);
}

#define VOLUME "9 1 8:1 /var/lib/docker/volumes/b/_data /backups rw - ext4 /dev/sda1 rw\n"

static void what_is_lost_with_the_container_is_known(void **state)
{
	static char lxc[] = "container=lxc", podman[] = "container=podman";
	static char *const none[] = { NULL }, *const of_lxc[] = { lxc, NULL }, *const of_podman[] = { podman, NULL };
	static const char overlay[] = "1 0 0:52 / / rw,relatime master:6 - overlay overlay rw,lowerdir=a - b\n" VOLUME
		"8 1 0:60 / /cache rw - tmpfs tmpfs rw\n7 1 8:1 /x /b\\040c rw - ext4 /dev/sda1 rw\n";
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const char nameless[] = "1 0 0:52 / / rw - overlay overlay rw\n"
		"9 1 8:1 /docker/volumes/" ID "/_data /backups rw - ext4 /dev/sda1 rw\n"
		"8 1 8:1 /docker/volumes/" ID "0/_data /kept rw - ext4 /dev/sda1 rw\n"
		"7 1 8:1 /var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/b /pod rw - ext4 /dev/sda1 rw\n"
		"6 1 8:1 /var/lib/kubelet/pods/1/volumes/kubernetes.io~csi/b/mount /claim rw - ext4 /dev/sda1 rw\n";
	static const char vfs[] = "1 0 8:1 /var/lib/docker/vfs/dir/0a1b / rw - ext4 /dev/sda1 rw\n" VOLUME;
	static const char fuse[] = "1 0 0:52 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n";
	static const char zfs[] = "1 0 0:52 / / rw - zfs rpool/docker/0a1b rw\n";
	static const char btrfs[] = "1 0 0:30 /@/var/lib/docker/btrfs/subvolumes/0a1b / rw - btrfs /dev/sda1 rw\n";
	static const char host[] = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n8 1 0:60 / /tmp rw - tmpfs tmpfs rw\n";

	(void)state;
	assert_int_equal(place_in("overlay", overlay, false, none, "/backups"), STORAGE_KEPT);
	assert_int_equal(place_in("overlay", overlay, false, none, "/backups/app"), STORAGE_KEPT);
	assert_int_equal(place_in("overlay", overlay, false, none, "/backups2"), STORAGE_LAYER);
	assert_int_equal(place_in("overlay", overlay, false, none, "/"), STORAGE_LAYER);
	assert_int_equal(place_in("overlay", overlay, false, none, "/cache/app"), STORAGE_MEMORY);
	assert_int_equal(place_in("overlay", overlay, false, none, "/b c/d"), STORAGE_KEPT);
	assert_int_equal(place_in("nameless", nameless, false, none, "/backups/app"), STORAGE_NAMELESS);
	assert_int_equal(place_in("nameless", nameless, false, none, "/kept"), STORAGE_KEPT);
	assert_int_equal(place_in("nameless", nameless, false, none, "/pod"), STORAGE_POD);
	assert_int_equal(place_in("nameless", nameless, false, none, "/claim"), STORAGE_KEPT);
	assert_int_equal(place_in("vfs", vfs, true, none, "/var/backups"), STORAGE_LAYER);
	assert_int_equal(place_in("vfs", vfs, true, none, "/backups"), STORAGE_KEPT);
	assert_int_equal(place_in("fuse", fuse, false, none, "/backups"), STORAGE_LAYER);
	assert_int_equal(place_in("zfs", zfs, true, none, "/backups"), STORAGE_LAYER);
	assert_int_equal(place_in("btrfs", btrfs, false, of_podman, "/backups"), STORAGE_LAYER);
	assert_int_equal(place_in("lxc", btrfs, false, of_lxc, "/backups"), STORAGE_KEPT);
	assert_int_equal(place_in("desktop", btrfs, false, none, "/backups"), STORAGE_KEPT);
	assert_int_equal(place_in("machine", host, true, none, "/backups"), STORAGE_KEPT);
	assert_int_equal(place_in("machine", host, true, none, "/tmp/backups"), STORAGE_KEPT);
	assert_int_equal(container_storage("nothing", none, "/backups"), STORAGE_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lost_with_the_container_is_known),
	};

	return unit_run("container", tests, scratch_make, scratch_remove);
}
