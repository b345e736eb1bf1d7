// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device/device.h"
#include "device/users.h"
#include "unit.h"

/* What is asked about a file, in place of the function of libc. */
static struct {
	size_t nr, nr_synced;
} asked;

int statx(int directory, const char *path, int flags, unsigned int mask, struct statx *status)
{
	asked.nr++;
	asked.nr_synced += (flags & AT_STATX_SYNC_TYPE) != AT_STATX_DONT_SYNC;
	return (int)syscall(SYS_statx, directory, path, flags, mask, status);
}

/* A tree of its own for each test: sys, and beside it proc. */
static char top[64];

static void make_file(const char *path, const char *content)
{
	char name[256];
	FILE *file;

	snprintf(name, sizeof(name), "%s/%s", top, path);
	for (char *at = name + strlen(top) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		mkdir(name, 0755);
		*at = '/';
	}
	if (!content[0])
		return;
	file = fopen(name, "w");
	if (!file) {
		fail_msg("cannot write %s", name);
		return;
	}
	fputs(content, file);
	fclose(file);
}

/* @link is made in /proc/PROCESS, with the program and the name that each process has. */
static void make_process(const char *process, const char *comm, const char *link,
			 const char *target)
{
	char path[128], name[256];

	snprintf(path, sizeof(path), "proc/%s/comm", process);
	make_file(path, comm);
	snprintf(name, sizeof(name), "%s/proc/%s/exe", top, process);
	assert_int_equal(symlink("/usr/bin/program", name), 0);
	snprintf(path, sizeof(path), "proc/%s/%s", process, link);
	make_file(path, "");
	snprintf(name, sizeof(name), "%s/%s", top, path);
	assert_int_equal(symlink(target, name), 0);
}

static int start(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-users.XXXXXX");
	assert_non_null(mkdtemp(top));
	/* The node of this device is /dev/null. */
	make_file("sys/" DAX_DEVICES "/dax0.0/dev", "1:3\n");
	make_file("proc/self/", "");
	return 0;
}

static int stop(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command);
}

static const char *users(const char *device)
{
	static char text[200];
	char root[96];
	const struct sysfs sysfs = { .root = root };

	snprintf(root, sizeof(root), "%s/sys", top);
	users_describe(&sysfs, device, text, sizeof(text));
	return text;
}

static void test_none(void **state)
{
	(void)state;
	make_process("70", "shell\n", "fd/3", "/dev/zero");
	make_process("71", "other\n", "map_files/7f00-7f01", "/dev/zero");
	/* A kernel thread has no program. */
	make_file("proc/2/comm", "kthreadd\n");
	/* What is open is a file of that name, or is gone. */
	make_file("dax0.0", "text");
	make_process("72", "editor\n", "fd/3", "../../../dax0.0");
	make_process("73", "editor\n", "fd/3", "/nowhere");
	assert_string_equal(users("dax0.0"), "");
	assert_string_equal(users("dax7.7"), "");
}

static void test_open(void **state)
{
	(void)state;
	make_process("71", "qemu-system-x86\n", "fd/12", "/dev/null");
	make_process("72", "other\n", "fd/12", "/dev/zero");
	assert_string_equal(users("dax0.0"), "71 (qemu-system-x86)");
}

static void test_mapped(void **state)
{
	(void)state;
	make_process("71", "redis-server\n", "map_files/7f00000-7f20000", "/dev/null");
	assert_string_equal(users("dax0.0"), "71 (redis-server)");
}

static void test_many(void **state)
{
	char process[16];

	(void)state;
	for (int i = 100; i < 107; i++) {
		snprintf(process, sizeof(process), "%d", i);
		make_process(process, "user\n", "fd/3", "/dev/null");
	}
	assert_non_null(strstr(users("dax0.0"), " (user), "));
	assert_non_null(strstr(users("dax0.0"), " (user) and 3 more"));
}

/* The file of another process may be on an NFS server that does not answer. */
static void test_waits_for_no_server(void **state)
{
	(void)state;
	make_process("71", "editor\n", "fd/3", "../../../dax0.0");
	make_process("72", "qemu-system-x86\n", "map_files/7f00-7f01", "/dev/null");
	asked.nr = asked.nr_synced = 0;
	assert_string_equal(users("dax0.0"), "72 (qemu-system-x86)");
	assert_int_equal(asked.nr, 2);
	assert_int_equal(asked.nr_synced, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "processes that use something else are none", test_none, start, stop, NULL },
		{ "a process that has the node open is named", test_open, start, stop, NULL },
		{ "a process that only has it mapped is named", test_mapped, start, stop, NULL },
		{ "no file is looked up on a server", test_waits_for_no_server, start, stop, NULL },
		{ "of many, some are named", test_many, start, stop, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
