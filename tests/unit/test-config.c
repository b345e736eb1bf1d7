// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "fake-kernel.h"
#include "unit.h"

static int parse(struct config *config, const char *text, struct problem *problem)
{
	*config = (struct config){ 0 };
	*problem = (struct problem){ 0 };
	return config_parse(config, "a.conf", text, strlen(text), problem);
}

static void test_ours(void **state)
{
	struct config config;
	struct problem problem;

	(void)state;
	assert_int_equal(parse(&config,
			       "# a comment\n"
			       "\n"
			       "  [reconfigure-device  my expander ]  ; another\n"
			       "cxl.serial = 0x1234\n"
			       "\tDAX.Resource=4294967296\t# where it is\n"
			       "dax.target_node = 2\n"
			       "dax.path = \"/sys/devices/*/dax[0-9].0\"\n"
			       "nvdimm.uuid='1-2'\n"
			       "online-type = movable\r\n"
			       "mode = system-ram\n"
			       "[Reconfigure-DEVICE second]\n"
			       "dax.path = x\n"
			       "[other section]\n"
			       "online-type = nonsense\n"
			       "[reconfigure-devices]\n"
			       "dax.path = nonsense",
			       &problem),
			 0);
	assert_int_equal(config.nr, 2);
	assert_true(config.has_ours);
	assert_string_equal(config.section[1].name, "second");
	assert_string_equal(config.section[0].name, "my expander");
	assert_string_equal(config.section[0].file, "a.conf");
	assert_int_equal(config.section[0].line, 3);
	assert_true(config.section[0].has_cxl_serial);
	assert_int_equal(config.section[0].cxl_serial, 0x1234);
	assert_int_equal(config.section[0].dax_resource, 4294967296);
	assert_int_equal(config.section[0].target_node, 2);
	assert_string_equal(config.section[0].dax_path, "/sys/devices/*/dax[0-9].0");
	assert_string_equal(config.section[0].nvdimm_uuid, "1-2");
	assert_string_equal(config.section[0].mode, "system-ram");
	assert_true(config.section[0].has_policy);
	assert_int_equal(config.section[0].policy, POLICY_ONLINE_MOVABLE);
	config_free(&config);
}

static void test_theirs(void **state)
{
	struct config config;
	struct problem problem;

	(void)state;
	assert_int_equal(parse(&config,
			       "[reconfigure-device a]\nnvdimm.uuid = 1\nmode = devdax\n"
			       "[reconfigure-device b]\nonline = true\nmovable = false\n"
			       "[reconfigure-device]\nonline = no\nmode =\nsize = 1G\n",
			       &problem),
			 0);
	assert_false(config.has_ours);
	assert_int_equal(config.nr, 3);
	assert_false(config.section[0].has_ours);
	assert_true(config.section[1].online);
	assert_true(config.section[1].has_movable);
	assert_false(config.section[1].movable);
	config_free(&config);
}

/* The distribution looks at the first letter, and ignores what is neither. */
static void test_booleans(void **state)
{
	static const struct {
		const char *text;
		bool has, value;
	} booleans[] = {
		{ "true", true, true },	   { "T", true, true },	  { "yes", true, true },
		{ "Yes", true, true },	   { "1", true, true },	  { "false", true, false },
		{ "F", true, false },	   { "no", true, false }, { "Never", true, false },
		{ "0", true, false },	   { "", false, false },  { "on", false, false },
		{ "maybe", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(booleans); i++) {
		struct config config;
		struct problem problem;
		char text[128];

		/* Another section has keys of ours; that makes no mistake of it. */
		snprintf(text, sizeof(text),
			 "[reconfigure-device a]\ndax.path = x\n"
			 "[reconfigure-device b]\nonline = %s\nmovable = %s\n",
			 booleans[i].text, booleans[i].text);
		assert_int_equal(parse(&config, text, &problem), 0);
		assert_int_equal(config.section[1].has_online, booleans[i].has);
		assert_int_equal(config.section[1].online, booleans[i].value);
		assert_int_equal(config.section[1].has_movable, booleans[i].has);
		assert_int_equal(config.section[1].movable, booleans[i].value);
		config_free(&config);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} mistakes[] = {
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = foo\n",
		  "a.conf:3: this is no online type: 'foo'" },
		{ "[reconfigure-device a]\ndax.path = x\nonline-type =\n",
		  "a.conf:3: this is no online type:" },
		{ "[reconfigure-device a]\ncxl.serial = twelve\n",
		  "a.conf:2: this is no number: 'twelve'" },
		{ "[reconfigure-device a]\ncxl.serial = -1\n",
		  "a.conf:2: this is no number: '-1'" },
		{ "[reconfigure-device a]\ndax.resource = 0x1ffffffffffffffff\n",
		  "a.conf:2: this is no number: '0x1ffffffffffffffff'" },
		{ "[reconfigure-device a]\ndax.target_node = 1 2\n",
		  "a.conf:2: this is no number: '1 2'" },
		{ "[reconfigure-device a]\ndax.path =\n", "a.conf:2: a value is missing" },
		{ "[reconfigure-device a]\ndax.path = \"x\n", "a.conf:2: the quote does not end" },
		{ "[reconfigure-device a]\ndax.path = 'x' y\n",
		  "a.conf:2: something follows the quoted value" },
		{ "[reconfigure-device a]\ndax.node = 1\n",
		  "a.conf:2: there is no such key: 'dax.node'" },
		{ "[reconfigure-device a]\nonline_type = movable\n",
		  "a.conf:2: there is no such key: 'online_type'" },
		{ "[reconfigure-device a]\ndax.path = x\nbogus\n",
		  "a.conf:3: this is neither a section nor KEY = VALUE: 'bogus'" },
		{ "[reconfigure-device a]\ndax.path = x\n= y\n",
		  "a.conf:3: this is neither a section nor KEY = VALUE: '= y'" },
		{ "[reconfigure-device a\ndax.path = x\n[reconfigure-device b]\ndax.path = y\n",
		  "a.conf:1: a section is [NAME] on a line of its own" },
		{ "# no section\nonline-type = movable\n",
		  "a.conf:2: this key is in no section [reconfigure-device NAME]: 'online-type'" },
		{ "[reconfigure-device a] x\n",
		  "a.conf:1: a section is [NAME] on a line of its own" },
		{ "\n[reconfigure-device a]\nonline-type = movable\n",
		  "a.conf:2: this section names no device (nvdimm.uuid, cxl.serial, dax.*): 'a'" },
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = movable\nmode = devdax\n",
		  "a.conf:1: online-type goes with mode = system-ram, not with 'devdax'" },
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = movable\nonline = true\n",
		  "a.conf:1: online-type replaces online and movable in section 'a'" },
		{ "[reconfigure-device a]\ndax.path = x\nonline = maybe\n",
		  "a.conf:3: this is neither true nor false: 'maybe'" },
		{ "[reconfigure-device a]\nmovable = on\ndax.path = x\n",
		  "a.conf:2: this is neither true nor false: 'on'" },
		{ "[reconfigure-device a]\nmode =\ndax.path = x\n",
		  "a.conf:2: a value is missing" },
		{ "[reconfigure-device a]\nonlinetype = offline\ndax.path = x\n",
		  "a.conf:2: there is no such key: 'onlinetype'" },
		{ "[reconfigure-device a]\ndax.path = x\nsize = 1G\n",
		  "a.conf:3: there is no such key: 'size'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct config config;
		struct problem problem;

		assert_int_equal(parse(&config, mistakes[i].text, &problem), -EINVAL);
		assert_string_equal(problem.text, mistakes[i].problem);
		config_free(&config);
	}
}

static void test_binary(void **state)
{
	struct config config = { 0 };
	struct problem problem;

	(void)state;
	assert_int_equal(config_parse(&config, "a.conf", "x = \0y\n", 7, &problem), -EINVAL);
	assert_string_equal(problem.text, "a.conf:0: this is no text file");
	config_free(&config);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[128];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	stream = fopen(path, "w");
	if (!stream)
		abort(); /* which clang-tidy knows not to return */
	fputs(text, stream);
	fclose(stream);
}

/* A mistake in one file does not hide that another has keys of ours, nor is it the last's. */
static void assert_mistake(const char *directory, const char *a, const char *b, const char *where)
{
	struct config config;
	struct problem problem;

	write_file(directory, "a.conf", a);
	write_file(directory, "b.conf", b);
	assert_int_equal(config_read(&config, directory, &problem), -EINVAL);
	assert_true(config.has_ours);
	assert_non_null(strstr(problem.text, where));
	config_free(&config);
}

static void test_directory(void **state)
{
	char directory[] = "/tmp/test-config.XXXXXX", command[64];
	struct config config;
	struct problem problem;

	(void)state;
	assert_non_null(mkdtemp(directory));
	write_file(directory, "b.conf", "[reconfigure-device second]\ndax.path = b\n");
	write_file(directory, "a.conf", "[reconfigure-device first]\ndax.path = a\n");
	write_file(directory, ".hidden.conf", "nonsense");
	write_file(directory, "a.conf.dpkg-old", "nonsense");
	write_file(directory, ".conf", "nonsense");
	assert_int_equal(config_read(&config, directory, &problem), 0);
	assert_int_equal(config.nr, 2);
	assert_string_equal(config.section[0].name, "first");
	assert_string_equal(config.section[1].name, "second");
	config_free(&config);

	assert_mistake(directory, "nonsense\n",
		       "[reconfigure-device x]\ndax.path = b\nmore nonsense\n", "/a.conf:1: ");
	/* In the name of the section itself. */
	assert_mistake(directory, "nobodys = 1\n", "[reconfigure-device x\ndax.path = b\n",
		       "/b.conf:1: ");

	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(config_read(&config, directory, &problem), 0);
	assert_int_equal(config.nr, 0);
	config_free(&config);
}

/* The tree of a CXL region with the memory devices of serials 0x10 and 0x20 behind it. */
static void make_cxl(struct fake_kernel *kernel)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "set -e; cd %s; mkdir -p devices/region0/dax_region0 bus/cxl/devices; "
		 "mv bus/dax/devices/dax0.0 devices/region0/dax_region0; "
		 "ln -s ../../../devices/region0/dax_region0/dax0.0 bus/dax/devices/dax0.0; "
		 "for i in 0 1; do mkdir -p devices/endpoint$i/decoder$i.0 devices/mem$i; "
		 "echo decoder$i.0 >devices/region0/target$i; "
		 "echo 0x$((i + 1))0 >devices/mem$i/serial; "
		 "ln -s ../mem$i devices/endpoint$i/uport; "
		 "ln -s ../../../devices/endpoint$i/decoder$i.0 bus/cxl/devices/decoder$i.0; done; "
		 "echo 1-A >devices/region0/dax_region0/uuid",
		 kernel->root);
	assert_int_equal(system(command), 0);
}

static void assert_match(struct fake_kernel *kernel, const char *conditions, bool expected)
{
	struct dax_device device;
	struct problem problem;
	struct config config;
	char text[256];

	snprintf(text, sizeof(text), "[reconfigure-device x]\n%s\n", conditions);
	parse(&config, text, &problem);
	assert_int_equal(config.nr, 1);
	assert_int_equal(dax_device_read(&kernel->sysfs, "dax0.0", &device), 0);
	if (config_section_matches(&config.section[0], &kernel->sysfs, &device) != expected)
		fail_msg("%s: %s", conditions, expected ? "does not match" : "matches");
	dax_device_free(&device);
	config_free(&config);
}

static void test_matches(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 1);
	assert_match(&kernel, "cxl.serial = 0x10", false);
	assert_match(&kernel, "nvdimm.uuid = 1-a", false);
	make_cxl(&kernel);
	assert_match(&kernel, "cxl.serial = 0x10", true);
	assert_match(&kernel, "cxl.serial = 32", true);
	assert_match(&kernel, "cxl.serial = 0x30", false);
	assert_match(&kernel, "dax.resource = 0x100000000", true);
	assert_match(&kernel, "dax.resource = 4294967297", false);
	assert_match(&kernel, "dax.target_node = 1", true);
	assert_match(&kernel, "dax.target_node = 0", false);
	assert_match(&kernel, "dax.target_node = 18446744073709551615", false);
	assert_match(&kernel, "dax.path = */region0/*/dax0.?", true);
	assert_match(&kernel, "dax.path = /region0/*", false);
	assert_match(&kernel, "nvdimm.uuid = 1-a", true);
	assert_match(&kernel, "nvdimm.uuid = 1-b", false);
	assert_match(&kernel, "dax.target_node = 1\ncxl.serial = 0x20", true);
	assert_match(&kernel, "dax.target_node = 1\ncxl.serial = 0x21", false);
	assert_match(&kernel, "online = true", false);
	assert_match(&kernel, "online-type = movable", false);
	fake_kernel_stop(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every key of ours is understood, and other sections are not", test_ours),
		TEST("the distribution's sections are understood as its own", test_theirs),
		TEST("a boolean means what it means for the distribution", test_booleans),
		TEST("every mistake is told with file, line and reason", test_mistakes),
		TEST("a file that is no text is refused", test_binary),
		TEST("the files of a directory are read in the order of their names",
		     test_directory),
		TEST("a section is about the devices that all its conditions hold for",
		     test_matches),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
