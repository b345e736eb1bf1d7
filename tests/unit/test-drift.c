// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "plan/drift.h"
#include "unit.h"

/* A device with four memory blocks, and what shall be said about it. */
struct example {
	enum dax_mode mode;
	const char *policy;
	enum block_state memory[4];
	const struct wish *wish;
	const char *drift; /* separated by "; " */
};

#define ALL(state) { (state), (state), (state), (state) }

static const struct wish movable = { .section = "one",
				     .mode = "system-ram",
				     .has_policy = true,
				     .policy = POLICY_ONLINE_MOVABLE,
				     .memory = POLICY_ONLINE_MOVABLE };
static const struct wish by_default = { .section = "one",
					.mode = "system-ram",
					.has_policy = true,
					.policy = POLICY_DEFAULT,
					.memory = POLICY_DEFAULT };
static const struct wish devdax = { .section = "one",
				    .mode = "devdax",
				    .has_policy = false,
				    .policy = POLICY_DEFAULT,
				    .memory = POLICY_DEFAULT };
static const struct wish offline = { .section = "one",
				     .mode = "system-ram",
				     .has_policy = false,
				     .policy = POLICY_DEFAULT,
				     .memory = POLICY_OFFLINE };
static const struct wish anything = { .section = "one",
				      .mode = "system-ram",
				      .has_policy = false,
				      .policy = POLICY_DEFAULT,
				      .memory = POLICY_DEFAULT };
static const struct wish nonsense = { .section = "one",
				      .mode = "nonsense",
				      .has_policy = false,
				      .policy = POLICY_DEFAULT,
				      .memory = POLICY_DEFAULT };

static const struct example policy_alone[] = {
	{ DAX_MODE_SYSTEM_RAM, "online_movable", ALL(BLOCK_MOVABLE), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM,
	  "online_movable",
	  { BLOCK_MOVABLE, BLOCK_OFFLINE, BLOCK_MOVABLE, BLOCK_NORMAL },
	  NULL,
	  "2 of 4 memory blocks are not in Movable: 1 offline, 1 Normal" },
	{ DAX_MODE_SYSTEM_RAM, "online_kernel", ALL(BLOCK_MOVABLE), NULL,
	  "4 of 4 memory blocks are not in a kernel zone: 4 Movable" },
	{ DAX_MODE_SYSTEM_RAM, "online", ALL(BLOCK_NORMAL), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "offline", ALL(BLOCK_OFFLINE), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "unplugged", ALL(BLOCK_MISSING), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "unplugged", ALL(BLOCK_MOVABLE), NULL,
	  "4 of 4 memory blocks are not unplugged: 4 Movable" },
	/* The policy is for the next bind, and nothing is bound. */
	{ DAX_MODE_DEVDAX, "online_movable", ALL(BLOCK_MISSING), NULL, "" },
	{ DAX_MODE_DISABLED, "online_movable", ALL(BLOCK_MISSING), NULL, "" },
};

static const struct example no_policy[] = {
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_MOVABLE), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_NORMAL), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_OFFLINE), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "", ALL(BLOCK_NORMAL), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "of_a_later_kernel", ALL(BLOCK_NORMAL), NULL, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_NORMAL), &by_default, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_NORMAL), &anything, "" },
};

static const struct example sections[] = {
	{ DAX_MODE_SYSTEM_RAM, "online_movable", ALL(BLOCK_MOVABLE), &movable, "" },
	{ DAX_MODE_SYSTEM_RAM, "online_movable", ALL(BLOCK_OFFLINE), &movable,
	  "4 of 4 memory blocks are not in Movable: 4 offline" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_MOVABLE), &movable,
	  "its policy is default, but section 'one' wants online_movable" },
	/* Memory is compared with the section, not with a policy that is wrong itself. */
	{ DAX_MODE_SYSTEM_RAM, "online_kernel", ALL(BLOCK_NORMAL), &movable,
	  "its policy is online_kernel, but section 'one' wants online_movable; "
	  "4 of 4 memory blocks are not in Movable: 4 Normal" },
	{ DAX_MODE_SYSTEM_RAM, "offline", ALL(BLOCK_OFFLINE), &by_default,
	  "its policy is offline, but section 'one' wants default" },
	{ DAX_MODE_DEVDAX, "online_movable", ALL(BLOCK_MISSING), &movable,
	  "its mode is devdax, but section 'one' wants system-ram" },
	{ DAX_MODE_DISABLED, "default", ALL(BLOCK_MISSING), &movable,
	  "its mode is disabled, but section 'one' wants system-ram; "
	  "its policy is default, but section 'one' wants online_movable" },
	/* A kernel without policies: what can be compared is the memory. */
	{ DAX_MODE_SYSTEM_RAM, "", ALL(BLOCK_MOVABLE), &movable, "" },
	{ DAX_MODE_SYSTEM_RAM, "", ALL(BLOCK_NORMAL), &movable,
	  "4 of 4 memory blocks are not in Movable: 4 Normal" },
};

static const struct example upstream_sections[] = {
	{ DAX_MODE_DEVDAX, "default", ALL(BLOCK_MISSING), &devdax, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_MOVABLE), &devdax,
	  "its mode is system-ram, but section 'one' wants devdax" },
	{ DAX_MODE_DEVDAX, "default", ALL(BLOCK_MISSING), &nonsense,
	  "its mode is devdax, but section 'one' wants nonsense" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_OFFLINE), &offline, "" },
	{ DAX_MODE_SYSTEM_RAM, "default", ALL(BLOCK_MOVABLE), &offline,
	  "4 of 4 memory blocks are not offline: 4 Movable" },
	{ DAX_MODE_SYSTEM_RAM, "online_movable", ALL(BLOCK_NORMAL), &anything,
	  "4 of 4 memory blocks are not in Movable: 4 Normal" },
};

/* The kernel may not know memmap_on_memory. */
static void assert_memmap(const char *has, bool wanted, const char *expected)
{
	const struct wish wish = {
		.section = "one", .mode = "devdax", .has_memmap = true, .memmap_on_memory = wanted
	};
	struct dax_device device = { .name = "dax0.0", .mode = DAX_MODE_DEVDAX };
	const struct blocks blocks = { 0 };
	struct drift drift;

	snprintf(device.memmap_on_memory, sizeof(device.memmap_on_memory), "%s", has);
	drift_find(&drift, &device, &blocks, &wish);
	assert_int_equal(drift.nr, expected ? 1 : 0);
	if (expected)
		assert_string_equal(drift.text[0], expected);
}

static void test_memmap(void **state)
{
	(void)state;
	assert_memmap("1", true, NULL);
	assert_memmap("0", false, NULL);
	assert_memmap("", true, NULL);
	assert_memmap("0", true, "its memmap_on_memory is 0, but section 'one' wants 1");
	assert_memmap("1", false, "its memmap_on_memory is 1, but section 'one' wants 0");
}

static void check(const struct example *example)
{
	struct dax_device device = { .name = "dax0.0", .mode = example->mode };
	struct block block[4];
	struct blocks blocks = { 0x8000000, 4, block };
	struct drift drift;
	char text[1000] = "";

	snprintf(device.online_type, sizeof(device.online_type), "%s", example->policy);
	for (size_t i = 0; i < 4; i++)
		block[i] = (struct block){ 32 + i, example->memory[i] };
	drift_find(&drift, &device, &blocks, example->wish);
	for (size_t i = 0; i < drift.nr; i++) {
		if (i)
			strcat(text, "; ");
		strcat(text, drift.text[i]);
	}
	assert_string_equal(text, example->drift);
}

#define CHECK_ALL(examples)                                                                        \
	do {                                                                                       \
		for (size_t i = 0; i < ARRAY_SIZE(examples); i++)                                  \
			check(&(examples)[i]);                                                     \
	} while (0)

static void test_policy(void **state)
{
	(void)state;
	CHECK_ALL(policy_alone);
}

static void test_no_policy(void **state)
{
	(void)state;
	CHECK_ALL(no_policy);
}

static void test_sections(void **state)
{
	(void)state;
	CHECK_ALL(sections);
}

static void test_upstream_sections(void **state)
{
	(void)state;
	CHECK_ALL(upstream_sections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("memory that kmem holds is compared with the policy", test_policy),
		TEST("without a policy, memory is right wherever it is", test_no_policy),
		TEST("mode, policy and memory are compared with the section", test_sections),
		TEST("memmap_on_memory is compared with the section too", test_memmap),
		TEST("so they are with the sections of upstream daxctl", test_upstream_sections),
	};

	return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
