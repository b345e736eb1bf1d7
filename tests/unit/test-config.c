// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
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
			       "Online_Type = offline\n"
			       "dax.target-node = 0\n"
			       "memmap_on_memory = on\n"
			       "[reconfigure-device third]\n"
			       "cxl.serial = 10\n"
			       "memmap-on-memory = off\n"
			       "[other section]\n"
			       "online-type = nonsense\n"
			       "[reconfigure-devices]\n"
			       "dax.path = nonsense",
			       &problem),
			 0);
	assert_int_equal(config.nr, 3);
	assert_true(config.has_ours);
	assert_string_equal(config.section[1].name, "second");
	assert_int_equal(config.section[1].policy, POLICY_OFFLINE);
	assert_true(config.section[1].has_target_node);
	assert_int_equal(config.section[1].target_node, 0);
	assert_true(config.section[1].has_memmap);
	assert_true(config.section[1].memmap_on_memory);
	assert_int_equal(config.section[2].cxl_serial, 10);
	assert_true(config.section[2].has_memmap);
	assert_false(config.section[2].memmap_on_memory);
	assert_false(config.section[0].has_memmap);
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
			       "[reconfigure-device]\nonline = no\nmode =\nsize = 1G\n"
			       "force = yes\npath = x\nserial = 010\n"
			       /* The last one counts. */
			       "[reconfigure-device c]\nnvdimm.uuid = 1\nnvdimm.uuid = 2\n"
			       "online = no\nonline = yes\nsize = 1G\nsize = 2G\n",
			       &problem),
			 0);
	assert_false(config.has_ours);
	assert_int_equal(config.nr, 4);
	assert_string_equal(config.section[3].nvdimm_uuid, "2");
	assert_true(config.section[3].online);
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
		const char *advice; /* how it begins */
	} mistakes[] = {
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = foo\n",
		  "a.conf:3: invalid online type 'foo'",
		  "use one of default, offline, online, online_kernel, " },
		{ "[reconfigure-device a]\ndax.path = x\nonline_type =\n",
		  "a.conf:3: invalid online type ''", "use one of default, " },
		{ "[reconfigure-device a]\ndax.path = x\nmemmap_on_memory = true\n",
		  "a.conf:3: 'true' is neither on nor off", "memmap_on_memory is on or off" },
		{ "[reconfigure-device a]\ncxl.serial = twelve\n",
		  "a.conf:2: 'twelve' is not a number", "write it in decimal, or in hexadecimal" },
		{ "[reconfigure-device a]\ncxl.serial =\n", "a.conf:2: '' is not a number",
		  "write it" },
		{ "[reconfigure-device a]\ncxl.serial = -1\n", "a.conf:2: '-1' is not a number",
		  "write it" },
		{ "[reconfigure-device a]\ncxl.serial = 0x\n", "a.conf:2: '0x' is not a number",
		  "write it" },
		{ "[reconfigure-device a]\ncxl.serial = 0x0x1\n",
		  "a.conf:2: '0x0x1' is not a number", "write it" },
		{ "[reconfigure-device a]\ncxl.serial = c0ffee\n",
		  "a.conf:2: 'c0ffee' is not a number", "write it" },
		{ "[reconfigure-device a]\ncxl.serial = 010\n",
		  "a.conf:2: the leading 0 makes '010' ambiguous",
		  "write 10 if it is decimal, or 0x10 if it is hexadecimal" },
		{ "[reconfigure-device a]\ndax.resource = 00\n",
		  "a.conf:2: the leading 0 makes '00' ambiguous",
		  "write 0 if it is decimal, or 0x0 " },
		{ "[reconfigure-device a]\ndax.target_node = 01\n",
		  "a.conf:2: the leading 0 makes '01' ambiguous", "write 1 if it is decimal" },
		{ "[reconfigure-device a]\ndax.resource = 0x1ffffffffffffffff\n",
		  "a.conf:2: '0x1ffffffffffffffff' is too large", "correct that line" },
		{ "[reconfigure-device a]\ndax.target_node = 1 2\n",
		  "a.conf:2: '1 2' is not a number", "write it" },
		{ "[reconfigure-device a]\ndax.path =\n", "a.conf:2: the value is missing", "" },
		{ "[reconfigure-device a]\ndax.path = \"x\n",
		  "a.conf:2: the closing quote is missing", "" },
		{ "[reconfigure-device a]\ndax.path = 'x' y\n",
		  "a.conf:2: something follows the quoted value", "" },
		{ "[reconfigure-device a]\ndax.node = 1\n", "a.conf:2: unknown key 'dax.node'",
		  "use one of nvdimm.uuid, cxl.serial, dax.resource, " },
		{ "[reconfigure-device a]\ndax.targetnode = 1\n",
		  "a.conf:2: unknown key 'dax.targetnode'", "did you mean 'dax.target_node'?" },
		{ "[reconfigure-device a]\ncxl_serial = 1\n", "a.conf:2: unknown key 'cxl_serial'",
		  "did you mean 'cxl.serial'?" },
		{ "[reconfigure-device a]\nmemmap = on\n", "a.conf:2: unknown key 'memmap'",
		  "use one of " },
		{ "[reconfigure-device a]\ndax.path = x\nbogus\n",
		  "a.conf:3: this is neither a section nor KEY = VALUE: 'bogus'", "" },
		{ "[reconfigure-device a]\ndax.path = x\n= y\n",
		  "a.conf:3: this is neither a section nor KEY = VALUE: '= y'", "" },
		{ "[reconfigure-device a\ndax.path = x\n[reconfigure-device b]\ndax.path = y\n",
		  "a.conf:1: a section begins with [NAME] on a line of its own", "" },
		{ "# no section\nonline-type = movable\n",
		  "a.conf:2: the key 'online-type' is in no section",
		  "put it below a line [reconfigure-device NAME]" },
		{ "[reconfigure-device a] x\n",
		  "a.conf:1: a section begins with [NAME] on a line of its own", "" },
		{ "\n[reconfigure-device a]\nonline-type = movable\n",
		  "a.conf:2: section 'a' does not say which device it is about",
		  "add nvdimm.uuid, cxl.serial, " },
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = movable\nmode = devdax\n",
		  "a.conf:1: online_type goes with mode = system-ram, not with 'devdax'", "" },
		{ "[reconfigure-device a]\ndax.path = x\nmemmap_on_memory = on\nmode = famfs\n",
		  "a.conf:1: memmap_on_memory goes with mode = system-ram, not with 'famfs'", "" },
		{ "[reconfigure-device a]\ndax.path = x\nonline-type = movable\nonline = true\n",
		  "a.conf:1: online_type does not go with online and movable in section 'a'",
		  "remove online and movable, or use online_type = offline" },
		{ "[reconfigure-device a]\ndax.path = x\nmemmap_on_memory = on\nmovable = no\n",
		  "a.conf:1: memmap_on_memory does not go with online and movable in section 'a'",
		  "" },
		{ "[reconfigure-device a]\ndax.path = x\nonline = maybe\n",
		  "a.conf:3: 'maybe' is neither true nor false", "write true or false" },
		{ "[reconfigure-device a]\nmovable = on\ndax.path = x\n",
		  "a.conf:2: 'on' is neither true nor false", "" },
		{ "[reconfigure-device a]\nmode =\ndax.path = x\n",
		  "a.conf:2: the value is missing", "" },
		{ "[reconfigure-device a]\ncxl.serial = 1\nonline_type = online\ncxl.serial = 2\n",
		  "a.conf:4: the key 'cxl.serial' is given twice in this section",
		  "remove one of the lines, or write a section for each device" },
		{ "[reconfigure-device a]\ndax.path = x\nonline_type = online\nonline-type = "
		  "offline\n",
		  "a.conf:4: the key 'online-type' is given twice in this section", "remove one " },
		{ "[reconfigure-device a]\ndax.path = x\nDAX.path = x\n",
		  "a.conf:3: the key 'dax.path' is given twice in this section", "remove one " },
		{ "[reconfigure-device a]\ndax.resource = 1\ndax.resource = 1\ndax.resource = y\n",
		  "a.conf:3: the key 'dax.resource' is given twice in this section", "remove " },
		{ "[reconfigure-device a]\ndax.target_node = 1\n\ndax.target-node = 2\n",
		  "a.conf:4: the key 'dax.target-node' is given twice in this section", "remove " },
		{ "[reconfigure-device a]\ndax.path = x\nmemmap_on_memory = on\n"
		  "memmap_on_memory = off\n",
		  "a.conf:4: the key 'memmap_on_memory' is given twice in this section",
		  "remove one " },
		/* Upstream's keys, in a section with an extension key. */
		{ "[reconfigure-device a]\nnvdimm.uuid = 1\nnvdimm.uuid = 2\nonline_type = "
		  "online\n",
		  "a.conf:3: the key 'nvdimm.uuid' is given twice in this section", "remove one " },
		{ "[reconfigure-device a]\ndax.path = x\nmode = devdax\nmode = system-ram\n",
		  "a.conf:4: the key 'mode' is given twice in this section", "remove one " },
		{ "[reconfigure-device a]\nonline = no\nonline = no\ndax.path = x\n",
		  "a.conf:3: the key 'online' is given twice in this section", "remove one " },
		/* Upstream has no key that looks like this; alone in a section too. */
		{ "[reconfigure-device a]\nnvdimm.uuid = 1\nonlinetype = offline\n",
		  "a.conf:3: unknown key 'onlinetype'", "did you mean 'online_type'?" },
		{ "[reconfigure-device a]\nnvdimm.uuid = 1\nonlin-typ = offline\n",
		  "a.conf:3: unknown key 'onlin-typ'", "did you mean 'online_type'?" },
		{ "[reconfigure-device a]\ndax.path = x\nsize = 1G\n",
		  "a.conf:3: unknown key 'size'", "use one of " },
		{ "[reconfigure-device a]\ndax.path = x\nmodes = devdax\n",
		  "a.conf:3: unknown key 'modes'", "did you mean 'mode'?" },
		{ "[reconfigure-device a]\ndax.path = x\nserial = 1\n",
		  "a.conf:3: unknown key 'serial'", "did you mean 'cxl.serial'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct config config;
		struct problem problem;

		assert_int_equal(parse(&config, mistakes[i].text, &problem), -EINVAL);
		assert_string_equal(problem.text, mistakes[i].problem);
		if (strncmp(problem.advice, mistakes[i].advice, strlen(mistakes[i].advice)) != 0)
			fail_msg("%s: %s", problem.text, problem.advice);
		assert_non_null(strstr(problem.advice, "; nothing was changed"));
		config_free(&config);
	}
}

static void test_binary(void **state)
{
	struct config config = { 0 };
	struct problem problem;

	(void)state;
	assert_int_equal(config_parse(&config, "a.conf", "x = \0y\n", 7, &problem), -EINVAL);
	assert_string_equal(problem.text, "a.conf:1: there is a NUL byte");
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every extension key is understood, and other sections are not", test_ours),
		TEST("upstream's sections are understood as its own", test_theirs),
		TEST("a boolean means what it means for upstream", test_booleans),
		TEST("every mistake is told with file, line, reason and remedy", test_mistakes),
		TEST("a line with a NUL byte is refused", test_binary),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
