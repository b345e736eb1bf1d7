// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/read.h"
#include "config/save.h"
#include "config/saved-text.h"
#include "fake-kernel.h"
#include "unit.h"

#define FILE_NAME "etc/" SAVED_FILE

/* A system with two devices, and a directory for the configuration. */
struct scene {
	struct fake_kernel kernel;
	char directory[96];
};

static void start(struct scene *scene)
{
	fake_kernel_start(&scene->kernel, 2);
	snprintf(scene->directory, sizeof(scene->directory), "%s/etc", scene->kernel.root);
	assert_int_equal(mkdir(scene->directory, 0755), 0);
	assert_int_equal(chmod(scene->directory, 0755), 0);
}

static const char *path_of(const struct scene *scene, const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", scene->kernel.root, name);
	return path;
}

static void store(const struct scene *scene, const char *text)
{
	FILE *stream = fopen(path_of(scene, FILE_NAME), "w");

	if (!stream)
		abort(); /* which clang-tidy knows not to return */
	fputs(text, stream);
	fclose(stream);
	assert_int_equal(chmod(path_of(scene, FILE_NAME), 0644), 0);
}

static void assert_content(const struct scene *scene, const char *expected)
{
	char text[2048];
	FILE *stream = fopen(path_of(scene, FILE_NAME), "r");
	size_t length;

	if (!stream)
		abort();
	length = fread(text, 1, sizeof(text) - 1, stream);
	text[length] = '\0';
	fclose(stream);
	assert_string_equal(text, expected);
}

static int save(struct scene *scene, const char *name, enum policy policy, bool dry_run,
		struct problem *problem)
{
	const struct saved_values values = { .policy = policy };
	struct save_result result;
	struct dax_device device;
	int rc;

	*problem = (struct problem){ 0 };
	assert_int_equal(dax_device_read(&scene->kernel.sysfs, name, &device), 0);
	rc = config_save(scene->directory, &scene->kernel.sysfs, &device, &values, dry_run, &result,
			 problem);
	dax_device_free(&device);
	return rc;
}

static int forget(struct scene *scene, const char *name, struct problem *problem)
{
	struct save_result result;
	struct dax_device device;
	int rc;

	*problem = (struct problem){ 0 };
	assert_int_equal(dax_device_read(&scene->kernel.sysfs, name, &device), 0);
	rc = config_forget(scene->directory, &scene->kernel.sysfs, &device, false, &result,
			   problem);
	dax_device_free(&device);
	return rc;
}

#define HEADING "# Sections of daxctl reconfigure-device --save; --forget removes them.\n"

#define SECTION(address, name, policy)                                                             \
	"[reconfigure-device saved dax.resource " address "]\n"                                    \
	"# Written by daxctl reconfigure-device --save for " name ".\n"                            \
	"dax.resource = " address "\n"                                                             \
	"online_type = " policy "\n"
#define FIRST(policy)  SECTION("0x100000000", "dax0.0", policy)
#define SECOND(policy) SECTION("0x120000000", "dax0.1", policy)

static void test_save(void **state)
{
	struct problem problem;
	struct scene scene;
	struct stat status;
	struct config config;

	(void)state;
	start(&scene);
	/* The umask has no say in it. */
	umask(077);
	assert_int_equal(save(&scene, "dax0.0", POLICY_ONLINE_MOVABLE, true, &problem), 0);
	assert_int_equal(access(path_of(&scene, FILE_NAME), F_OK), -1);
	assert_int_equal(save(&scene, "dax0.0", POLICY_ONLINE_MOVABLE, false, &problem), 0);
	umask(022);
	assert_content(&scene, HEADING "\n" FIRST("online_movable"));
	assert_int_equal(stat(path_of(&scene, FILE_NAME), &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	assert_int_equal(access(path_of(&scene, "etc/." SAVED_FILE ".new"), F_OK), -1);

	assert_int_equal(save(&scene, "dax0.1", POLICY_ONLINE_KERNEL, false, &problem), 0);
	assert_content(&scene, HEADING "\n" FIRST("online_movable") "\n" SECOND("online_kernel"));
	/* It is replaced where it is. */
	assert_int_equal(save(&scene, "dax0.0", POLICY_UNPLUGGED, false, &problem), 0);
	assert_content(&scene, HEADING "\n" FIRST("unplugged") "\n" SECOND("online_kernel"));

	assert_int_equal(config_read(&config, scene.directory, &problem), 0);
	assert_int_equal(config.nr, 2);
	assert_int_equal(config.section[0].policy, POLICY_UNPLUGGED);
	assert_int_equal(config.section[1].dax_resource, 0x120000000);
	config_free(&config);

	assert_int_equal(forget(&scene, "dax0.0", &problem), 1);
	assert_content(&scene, HEADING "\n" SECOND("online_kernel"));
	assert_int_equal(forget(&scene, "dax0.0", &problem), 0);
	assert_int_equal(forget(&scene, "dax0.1", &problem), 1);
	assert_int_equal(access(path_of(&scene, FILE_NAME), F_OK), -1);
	assert_int_equal(forget(&scene, "dax0.1", &problem), 0);
	fake_kernel_stop(&scene.kernel);
}

/* What somebody else wrote to the file stays as it is. */
static void test_other_content(void **state)
{
	static const struct {
		const char *before, *saved, *forgotten;
	} cases[] = {
		{ "", FIRST("offline"), NULL },
		{ "# mine", "# mine\n\n" FIRST("offline"), "# mine\n" },
		{ "[reconfigure-device x]\ndax.resource = 0x200000000\nonline_type = online\n\n",
		  "[reconfigure-device x]\ndax.resource = 0x200000000\nonline_type = "
		  "online\n\n\n" FIRST("offline"),
		  "[reconfigure-device x]\ndax.resource = 0x200000000\nonline_type = online\n\n" },
		{ "# a\n\n" FIRST("online") "\n# b\n[reconfigure-device y]\r\nmode = devdax\n",
		  "# a\n\n" FIRST("offline") "\n# b\n[reconfigure-device y]\r\nmode = devdax\n",
		  "# a\n\n# b\n[reconfigure-device y]\r\nmode = devdax\n" },
		/* Twice, which only an editor can have done. */
		{ FIRST("online") FIRST("online_kernel") SECOND("online"),
		  FIRST("offline") SECOND("online"), SECOND("online") },
	};
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		store(&scene, cases[i].before);
		assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), 0);
		assert_content(&scene, cases[i].saved);
		assert_int_equal(forget(&scene, "dax0.0", &problem), 1);
		if (cases[i].forgotten)
			assert_content(&scene, cases[i].forgotten);
		else
			assert_int_equal(access(path_of(&scene, FILE_NAME), F_OK), -1);
	}
	fake_kernel_stop(&scene.kernel);
}

/* A section with other keys is no longer what --save wrote: they would end up in another one. */
static void test_extended(void **state)
{
	static const char text[] =
		FIRST("online") "\n# a comment\nmode = system-ram\n" SECOND("online");
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	store(&scene, text);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, true, &problem), -EEXIST);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), -EEXIST);
	assert_non_null(strstr(problem.text, "/" SAVED_FILE ":1) was saved for it, and has other"));
	assert_int_equal(forget(&scene, "dax0.0", &problem), -EEXIST);
	assert_content(&scene, text);
	assert_int_equal(forget(&scene, "dax0.1", &problem), 1);
	assert_content(&scene, FIRST("online") "\n# a comment\nmode = system-ram\n");
	fake_kernel_stop(&scene.kernel);
}

#define CHANGED                                                                                    \
	"[reconfigure-device saved dax.resource 0x100000000]\n"                                    \
	"# Written by daxctl reconfigure-device --save for dax0.0.\n"                              \
	"dax.resource = 0x100000000\nonline_type=kernel\n"

/* As with any section of somebody's own, the first one that matches is applied. */
static void test_others(void **state)
{
	static const struct {
		const char *before;
		unsigned int line; /* of the section that is not as --save writes it */
	} cases[] = {
		{ HEADING "\n" CHANGED, 3 },
		{ SECOND("online") "\n" CHANGED, 6 },
		/* Without the mark. */
		{ "[reconfigure-device saved dax.resource 0x100000000]\n# by hand\n"
		  "dax.resource = 0x100000000\nonline_type = online\n",
		  1 },
		{ "\n[reconfigure-device x]\ndax.path = */dax0.0\nmode = devdax\n", 2 },
		{ CHANGED FIRST("online"), 1 },
	};
	char expected[160];
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(expected, sizeof(expected), SAVED_FILE ":%u) matches", cases[i].line);
		store(&scene, cases[i].before);
		assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, true, &problem), -EEXIST);
		assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), -EEXIST);
		assert_non_null(strstr(problem.text, expected));
		assert_content(&scene, cases[i].before);
		/* It is none of the other device's business. */
		assert_int_equal(save(&scene, "dax0.1", POLICY_OFFLINE, false, &problem), 0);
	}
	/* Behind the one that is saved, it does no harm, until that one is gone. */
	store(&scene, FIRST("online") CHANGED);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), 0);
	assert_content(&scene, FIRST("offline") CHANGED);
	fake_kernel_stop(&scene.kernel);
}

static void assert_forgets(struct scene *scene, const char *before, bool dry_run, int rc,
			   const char *other)
{
	struct problem problem = { 0 };
	struct save_result result;
	struct dax_device device;

	store(scene, before);
	assert_int_equal(dax_device_read(&scene->kernel.sysfs, "dax0.0", &device), 0);
	assert_int_equal(config_forget(scene->directory, &scene->kernel.sysfs, &device, dry_run,
				       &result, &problem),
			 rc);
	dax_device_free(&device);
	if (!strstr(rc < 0 ? problem.text : result.other, other))
		fail_msg("%s, %s", problem.text, result.other);
}

static void test_forgets_no_other(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene);
	assert_forgets(&scene, CHANGED, false, -EEXIST, "/" SAVED_FILE ":1) matches it");
	assert_content(&scene, CHANGED);
	assert_forgets(&scene, CHANGED, true, -EEXIST, "/" SAVED_FILE ":1) matches it");
	/* The line is that of the file as it is afterwards. */
	assert_forgets(&scene, FIRST("online") CHANGED, false, 1, "/" SAVED_FILE ":1)");
	assert_content(&scene, CHANGED);
	assert_forgets(&scene, FIRST("online") CHANGED, true, 1, "/" SAVED_FILE ":5)");
	assert_content(&scene, FIRST("online") CHANGED);
	/* Also beside a mistake. */
	assert_forgets(&scene, CHANGED "online_type = x\n", false, -EEXIST, ":1) matches it");
	assert_forgets(&scene, FIRST("online") SECOND("online"), false, 1, "");
	fake_kernel_stop(&scene.kernel);
}

#define SHARED                                                                                     \
	"[reconfigure-device saved cxl.serial 0xc0ffee]\n"                                         \
	"# Written by daxctl reconfigure-device --save for dax0.0.\n"                              \
	"cxl.serial = 0xc0ffee\n"                                                                  \
	"online_type = unplugged\n"

/* dax0.0 and dax0.1 are on one CXL region, whose memory device has that serial number. */
static void make_cxl(struct scene *scene)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "set -e; cd %s; echo decoder0.0 >bus/dax/target0; mkdir -p bus/cxl/devices; "
		 "cd bus/cxl/devices; mkdir decoder0.0 uport; echo 0xc0ffee >uport/serial",
		 scene->kernel.root);
	assert_int_equal(system(command), 0);
}

/* Until it has a size, it is a seed, which is no device. */
static void set_size(const struct scene *scene, const char *name, const char *size)
{
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), DAX_DEVICES "/%s/size", name);
	stream = fopen(path_of(scene, path), "w");
	if (!stream)
		abort();
	fprintf(stream, "%s\n", size);
	fclose(stream);
}

static void assert_shared(struct scene *scene, const char *name, const char *expected)
{
	struct problem problem;

	for (int dry_run = 1; dry_run >= 0; dry_run--) {
		assert_int_equal(save(scene, name, POLICY_OFFLINE, dry_run, &problem), -EEXIST);
		if (!strstr(problem.text, expected))
			fail_msg("%s", problem.text);
	}
	assert_int_equal(forget(scene, name, &problem), -EEXIST);
	assert_non_null(strstr(problem.text, expected));
	assert_non_null(strstr(problem.advice, "remove that section by hand"));
}

/* A device is saved by the serial of its region, and a second one is made there afterwards. */
static void test_shared(void **state)
{
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	make_cxl(&scene);
	set_size(&scene, "dax0.1", "0");
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), 0);
	assert_int_equal(save(&scene, "dax0.0", POLICY_UNPLUGGED, false, &problem), 0);
	assert_int_equal(forget(&scene, "dax0.1", &problem), 0);
	assert_content(&scene, HEADING "\n" SHARED);
	/* Once it is destroyed, it can still be forgotten. */
	set_size(&scene, "dax0.0", "0");
	assert_int_equal(forget(&scene, "dax0.0", &problem), 1);
	set_size(&scene, "dax0.0", "536870912");
	assert_int_equal(save(&scene, "dax0.0", POLICY_UNPLUGGED, false, &problem), 0);

	set_size(&scene, "dax0.1", "536870912");
	assert_shared(&scene, "dax0.1", "/" SAVED_FILE ":3) matches dax0.0 too");
	assert_shared(&scene, "dax0.0", "/" SAVED_FILE ":3) matches dax0.1 too");
	assert_content(&scene, HEADING "\n" SHARED);
	/* Also behind one that is the device's own. */
	store(&scene, SECOND("online") SHARED);
	assert_shared(&scene, "dax0.1", "/" SAVED_FILE ":5) matches dax0.0 too");
	assert_content(&scene, SECOND("online") SHARED);

	assert_int_equal(unlink(path_of(&scene, FILE_NAME)), 0);
	assert_int_equal(save(&scene, "dax0.1", POLICY_OFFLINE, false, &problem), 0);
	assert_int_equal(save(&scene, "dax0.0", POLICY_ONLINE, false, &problem), 0);
	assert_content(&scene, HEADING "\n" SECOND("offline") "\n" FIRST("online"));
	fake_kernel_stop(&scene.kernel);
}

static void assert_refused(struct scene *scene, int rc, const char *text)
{
	struct problem problem = { 0 };

	assert_int_equal(config_save_check(scene->directory, &problem), rc);
	if (!strstr(problem.text, text))
		fail_msg("%s", problem.text);
	assert_int_equal(save(scene, "dax0.0", POLICY_OFFLINE, false, &problem), rc);
	assert_non_null(strstr(problem.text, text));
	assert_int_equal(forget(scene, "dax0.0", &problem), rc);
}

static void test_refusals(void **state)
{
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	assert_int_equal(config_save_check(scene.directory, &problem), 0);
	assert_int_equal(chmod(scene.directory, 0775), 0);
	assert_refused(&scene, -EPERM, "may write to ");
	assert_int_equal(chmod(scene.directory, 01777), 0);
	assert_refused(&scene, -EPERM, "(mode 1777)");
	assert_int_equal(chmod(scene.directory, 0755), 0);
	assert_int_equal(access(path_of(&scene, FILE_NAME), F_OK), -1);

	store(&scene, FIRST("online"));
	assert_int_equal(chmod(path_of(&scene, FILE_NAME), 0646), 0);
	assert_refused(&scene, -EPERM, SAVED_FILE " (mode 0646)");
	assert_content(&scene, FIRST("online"));
	assert_int_equal(unlink(path_of(&scene, FILE_NAME)), 0);
	assert_int_equal(symlink("elsewhere", path_of(&scene, FILE_NAME)), 0);
	assert_refused(&scene, -ELOOP, SAVED_FILE " is a symbolic link");
	assert_int_equal(access(path_of(&scene, "etc/elsewhere"), F_OK), -1);
	assert_int_equal(unlink(path_of(&scene, FILE_NAME)), 0);
	assert_int_equal(mkdir(path_of(&scene, FILE_NAME), 0755), 0);
	assert_refused(&scene, -EISDIR, SAVED_FILE ": Is a directory");
	assert_int_equal(rmdir(path_of(&scene, FILE_NAME)), 0);

	/* Of a run that was killed. */
	assert_int_equal(symlink("elsewhere", path_of(&scene, "etc/." SAVED_FILE ".new")), 0);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), 0);
	assert_int_equal(access(path_of(&scene, "etc/elsewhere"), F_OK), -1);
	assert_content(&scene, HEADING "\n" FIRST("offline"));
	fake_kernel_stop(&scene.kernel);
}

/* A directory that is missing is made, but not in a dry run. */
static void test_makes_the_directory(void **state)
{
	struct problem problem;
	struct scene scene;
	struct stat status;

	(void)state;
	start(&scene);
	assert_int_equal(rmdir(scene.directory), 0);
	assert_int_equal(config_save_check(scene.directory, &problem), 0);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, true, &problem), 0);
	assert_int_equal(forget(&scene, "dax0.0", &problem), 0);
	assert_int_equal(access(scene.directory, F_OK), -1);
	assert_int_equal(save(&scene, "dax0.0", POLICY_OFFLINE, false, &problem), 0);
	assert_content(&scene, HEADING "\n" FIRST("offline"));
	assert_int_equal(stat(scene.directory, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	fake_kernel_stop(&scene.kernel);
}

static void test_cannot_make_the_directory(void **state)
{
	struct problem problem;
	struct scene scene;

	(void)state;
	start(&scene);
	snprintf(scene.directory, sizeof(scene.directory), "%s/nowhere/etc", scene.kernel.root);
	assert_int_equal(config_save_check(scene.directory, &problem), -ENOENT);
	assert_non_null(strstr(problem.text, "cannot make "));
	assert_non_null(strstr(problem.text, "/nowhere/etc: No such file"));
	fake_kernel_stop(&scene.kernel);
}

static void test_memmap(void **state)
{
	const struct saved_values values = { POLICY_ONLINE, true, false };
	struct save_result result;
	struct dax_device device;
	struct problem problem;
	struct config config;
	struct scene scene;

	(void)state;
	start(&scene);
	assert_int_equal(dax_device_read(&scene.kernel.sysfs, "dax0.0", &device), 0);
	assert_int_equal(config_save(scene.directory, &scene.kernel.sysfs, &device, &values, false,
				     &result, &problem),
			 0);
	assert_content(&scene, HEADING "\n" FIRST("online") "memmap_on_memory = off\n");
	assert_int_equal(config_read(&config, scene.directory, &problem), 0);
	assert_true(config.section[0].has_memmap);
	assert_false(config.section[0].memmap_on_memory);
	config_free(&config);
	dax_device_free(&device);
	assert_int_equal(forget(&scene, "dax0.0", &problem), 1);
	assert_int_equal(access(path_of(&scene, FILE_NAME), F_OK), -1);
	fake_kernel_stop(&scene.kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a section is written, found again, replaced and removed", test_save),
		TEST("other content of the file stays as it is", test_other_content),
		TEST("a section with keys of somebody else is left alone", test_extended),
		TEST("a section that would be applied instead is refused", test_others),
		TEST("a section that is not as it was saved is not forgotten, but told",
		     test_forgets_no_other),
		TEST("a section that is about another device too is left alone", test_shared),
		TEST("what others may write to is refused, and nothing is followed", test_refusals),
		TEST("the directory is made when it is missing", test_makes_the_directory),
		TEST("a directory that cannot be made is told beforehand",
		     test_cannot_make_the_directory),
		TEST("memmap_on_memory is saved too", test_memmap),
	};

	return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
