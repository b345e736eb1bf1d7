// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "unit.h"

static const char *const action_names[] = {
	[ACTION_NONE] = "none",		[ACTION_SET_POLICY] = "policy",
	[ACTION_SET_MEMMAP] = "memmap", [ACTION_LOAD] = "load",
	[ACTION_UNBIND] = "unbind",	[ACTION_BIND] = "bind",
	[ACTION_RELEASE] = "release",	[ACTION_UNPLUG] = "unplug",
	[ACTION_ADJUST] = "adjust",	[ACTION_RESTORE] = "restore",
	[ACTION_ONLINE] = "online",	[ACTION_VERIFY] = "verify",
};

/* One situation, and the plan for it, as "action value/undo undo-value, ...". */
struct example {
	const char *driver;
	const char *policy;
	const char *memmap;
	enum block_state memory;
	struct request request;
	bool kmem_is_loaded;
	const char *plan;
	enum policy expected;
};

#define ASK(type, ...)                                                                             \
	{ .set_policy = true,                                                                      \
	  .policy = POLICY_##type,                                                                 \
	  .memmap_on_memory = MEMMAP_AS_IT_IS,                                                     \
	  __VA_ARGS__ }

/* Upstream's way to system-ram. */
#define BIND_AND_ONLINE(type)                                                                      \
	{ .to_system_ram = true,                                                                   \
	  .set_memory = true,                                                                      \
	  .policy = POLICY_##type,                                                                 \
	  .memmap_on_memory = MEMMAP_AS_IT_IS }

/* The request for another mode. */
#define OUT(...) { .to_driver = "device_dax", .memmap_on_memory = MEMMAP_AS_IT_IS, __VA_ARGS__ }

static const struct example plans[] = {
	{ "device_dax", "default", "0", BLOCK_MISSING, ASK(ONLINE_MOVABLE, .to_system_ram = true),
	  true,
	  "policy online_movable/policy default, unbind device_dax/bind device_dax, "
	  "bind kmem/release, verify",
	  POLICY_ONLINE_MOVABLE },
	{ "device_dax", "online_movable", "0", BLOCK_MISSING,
	  ASK(ONLINE_MOVABLE, .to_system_ram = true), false,
	  "load kmem, unbind device_dax/bind device_dax, bind kmem/release, verify",
	  POLICY_ONLINE_MOVABLE },
	{ "fsdev_dax", "default", "0", BLOCK_MISSING, ASK(DEFAULT, .to_system_ram = true), true,
	  "unbind fsdev_dax/bind fsdev_dax, bind kmem/release, verify", POLICY_ONLINE },
	{ "", "default", "0", BLOCK_MISSING, ASK(OFFLINE, .to_system_ram = true), true,
	  "policy offline/policy default, bind kmem/release, verify", POLICY_OFFLINE },
	{ "kmem", "default", "0", BLOCK_MOVABLE, ASK(ONLINE_MOVABLE, .to_system_ram = true), true,
	  "", POLICY_ONLINE_MOVABLE },
	{ "kmem", "default", "0", BLOCK_MISSING, ASK(OFFLINE, .to_system_ram = true), true,
	  "none/restore, unbind kmem/bind kmem, policy offline/policy default, bind kmem/release, "
	  "verify",
	  POLICY_OFFLINE },
	/* What a run that was killed half-way may leave. */
	{ "kmem", "offline", "0", BLOCK_MISSING, ASK(UNPLUGGED, .to_system_ram = true), true,
	  "none/restore, unbind kmem/bind kmem, policy unplugged/policy offline, "
	  "bind kmem/release, verify",
	  POLICY_UNPLUGGED },
	{ "kmem", "online_movable", "0", BLOCK_OFFLINE,
	  ASK(OFFLINE, .to_system_ram = true, .force = true), true,
	  "unplug/restore, unbind kmem/bind kmem, policy offline/policy online_movable, "
	  "bind kmem/release, verify",
	  POLICY_OFFLINE },
	{ "kmem", "online_movable", "0", BLOCK_OFFLINE, ASK(OFFLINE, .to_system_ram = true), true,
	  "", POLICY_OFFLINE },
	{ "kmem", "default", "0", BLOCK_NORMAL,
	  ASK(ONLINE_MOVABLE, .to_system_ram = true, .force = true), true,
	  "unplug/restore, unbind kmem/bind kmem, policy online_movable/policy default, "
	  "bind kmem/release, verify",
	  POLICY_ONLINE_MOVABLE },
	/* Its policy alone. */
	{ "kmem", "default", "0", BLOCK_MOVABLE,
	  ASK(ONLINE_MOVABLE, .to_system_ram = true, .force = true), true,
	  "unplug/restore, unbind kmem/bind kmem, policy online_movable/policy default, "
	  "bind kmem/release, verify",
	  POLICY_ONLINE_MOVABLE },
	{ "device_dax", "", "0", BLOCK_MISSING,
	  ASK(ONLINE_MOVABLE, .to_system_ram = true, .allow_fallback = true), true,
	  "unbind device_dax/bind device_dax, bind kmem/release, adjust online_movable, verify",
	  POLICY_ONLINE_MOVABLE },
	{ "kmem", "", "0", BLOCK_NORMAL,
	  ASK(OFFLINE, .to_system_ram = true, .allow_fallback = true, .force = true), true,
	  "adjust offline/restore, verify", POLICY_OFFLINE },
	{ "device_dax", "default", "0", BLOCK_MISSING, ASK(ONLINE_KERNEL), true,
	  "policy online_kernel/policy default", POLICY_ONLINE_KERNEL },
	{ "device_dax", "online_kernel", "0", BLOCK_MISSING, ASK(ONLINE_KERNEL), true, "",
	  POLICY_ONLINE_KERNEL },
	{ "kmem", "online_movable", "0", BLOCK_MOVABLE, OUT(.force = true), true,
	  "load device_dax, unplug/restore, unbind kmem/bind kmem, bind device_dax/unbind "
	  "device_dax, "
	  "verify",
	  POLICY_UNPLUGGED },
	{ "kmem", "online_kernel", "0", BLOCK_MISSING, OUT(), true,
	  "load device_dax, none/restore, unbind kmem/bind kmem, none/policy unplugged, "
	  "bind device_dax/unbind device_dax, verify",
	  POLICY_UNPLUGGED },
	{ "kmem", "offline", "0", BLOCK_OFFLINE, OUT(), true,
	  "load device_dax, unplug/restore, unbind kmem/bind kmem, bind device_dax/unbind "
	  "device_dax, "
	  "verify",
	  POLICY_UNPLUGGED },
	{ "fsdev_dax", "default", "0", BLOCK_MISSING, OUT(), true,
	  "load device_dax, unbind fsdev_dax/bind fsdev_dax, bind device_dax/unbind device_dax",
	  POLICY_UNPLUGGED },
	{ "device_dax", "default", "0", BLOCK_MISSING, OUT(), true, "", POLICY_UNPLUGGED },
	{ "kmem", "online_kernel", "0", BLOCK_MOVABLE, ASK(ONLINE_KERNEL), true, "",
	  POLICY_ONLINE_KERNEL },
	{ "device_dax", "offline", "0", BLOCK_MISSING, BIND_AND_ONLINE(ONLINE_MOVABLE), true,
	  "unbind device_dax/bind device_dax, bind kmem/release, online online_movable, verify",
	  POLICY_ONLINE_MOVABLE },
	{ "device_dax", "unplugged", "0", BLOCK_MISSING, BIND_AND_ONLINE(ONLINE_KERNEL), true,
	  "unbind device_dax/bind device_dax, bind kmem/release, online online_kernel, verify",
	  POLICY_ONLINE_KERNEL },
	/* In that mode already: its own policy does not matter, as it does not to upstream. */
	{ "kmem", "online_kernel", "0", BLOCK_OFFLINE, BIND_AND_ONLINE(ONLINE_MOVABLE), true,
	  "online online_movable/restore", POLICY_ONLINE_KERNEL },
	{ "kmem", "", "0", BLOCK_NORMAL, BIND_AND_ONLINE(ONLINE_MOVABLE), true, "", POLICY_ONLINE },
	{ "device_dax", "default", "0", BLOCK_MISSING, BIND_AND_ONLINE(ONLINE_MOVABLE), true,
	  "unbind device_dax/bind device_dax, bind kmem/release, online online, verify",
	  POLICY_ONLINE },
	{ "device_dax",
	  "offline",
	  "0",
	  BLOCK_MISSING,
	  { .memmap_on_memory = MEMMAP_ON },
	  true,
	  "memmap 1/memmap 0",
	  POLICY_OFFLINE },
	{ "device_dax",
	  "offline",
	  "1",
	  BLOCK_MISSING,
	  { .memmap_on_memory = MEMMAP_ON, .to_system_ram = true },
	  true,
	  "unbind device_dax/bind device_dax, bind kmem/release, verify",
	  POLICY_OFFLINE },
	{ "kmem",
	  "online_movable",
	  "1",
	  BLOCK_MOVABLE,
	  { .set_policy = true,
	    .policy = POLICY_ONLINE_MOVABLE,
	    .to_system_ram = true,
	    .force = true,
	    .memmap_on_memory = MEMMAP_OFF },
	  true,
	  "unplug/restore, unbind kmem/bind kmem, memmap 0/memmap 1, bind kmem/release, verify",
	  POLICY_ONLINE_MOVABLE },
};

/* What is refused, with which error and words. */
static const struct {
	struct example example;
	int err;
	const char *text;
	const char *advice;
} refusals[] = {
	{ { "kmem", "default", "0", BLOCK_NORMAL, ASK(ONLINE_MOVABLE, .to_system_ram = true), true,
	    NULL, 0 },
	  -EBUSY,
	  "4 of 4 memory blocks are not in Movable: 4 Normal",
	  "--force" },
	{ { "kmem", "default", "0", BLOCK_NORMAL, ASK(ONLINE_MOVABLE), true, NULL, 0 },
	  -EBUSY,
	  "'default' cannot change",
	  "--force" },
	{ { "kmem",
	    "default",
	    "0",
	    BLOCK_NORMAL,
	    { .memmap_on_memory = MEMMAP_ON },
	    true,
	    NULL,
	    0 },
	  -EBUSY,
	  "memmap_on_memory cannot change",
	  "--force" },
	{ { "kmem",
	    "default",
	    "1",
	    BLOCK_NORMAL,
	    { .memmap_on_memory = MEMMAP_OFF, .to_system_ram = true },
	    true,
	    NULL,
	    0 },
	  -EBUSY,
	  "memmap_on_memory is 1",
	  "--force" },
	{ { "device_dax", "", "0", BLOCK_MISSING, ASK(ONLINE, .to_system_ram = true), true, NULL,
	    0 },
	  -EOPNOTSUPP,
	  "no online_type attribute",
	  "--allow-fallback" },
	{ { "device_dax", "", "0", BLOCK_MISSING, ASK(ONLINE, .allow_fallback = true), true, NULL,
	    0 },
	  -EOPNOTSUPP,
	  "no online_type attribute",
	  "no other way" },
	{ { "kmem",
	    "default",
	    "0",
	    BLOCK_OFFLINE,
	    { .to_driver = "fsdev_dax", .memmap_on_memory = MEMMAP_AS_IT_IS },
	    true,
	    NULL,
	    0 },
	  -EBUSY,
	  "in system-ram mode",
	  "--mode=devdax" },
	{ { "device_dax",
	    "default",
	    "",
	    BLOCK_MISSING,
	    { .memmap_on_memory = MEMMAP_ON },
	    true,
	    NULL,
	    0 },
	  -EOPNOTSUPP,
	  "no memmap_on_memory attribute",
	  "6.8" },
	{ { "kmem", "default", "0", BLOCK_ONLINE,
	    ASK(ONLINE_MOVABLE, .to_system_ram = true, .force = true), true, NULL, 0 },
	  -EOPNOTSUPP,
	  "cannot hot-remove memory",
	  "restart" },
	{ { "kmem", "default", "0", BLOCK_UNREADABLE,
	    ASK(ONLINE_MOVABLE, .to_system_ram = true, .force = true), true, NULL, 0 },
	  -EIO,
	  "4 of its 4 memory blocks cannot be read",
	  "kernel log" },
	{ { "kmem", "default", "0", BLOCK_MOVABLE, OUT(), true, NULL, 0 },
	  -EBUSY,
	  "4 of its 4 memory blocks are online",
	  "--force" },
	{ { "kmem", "default", "0", BLOCK_UNREADABLE, OUT(.force = true), true, NULL, 0 },
	  -EIO,
	  "4 of its 4 memory blocks cannot be read",
	  "kernel log" },
	{ { "kmem", "default", "0", BLOCK_ONLINE, OUT(.force = true), true, NULL, 0 },
	  -EOPNOTSUPP,
	  "cannot hot-remove",
	  "restart" },
	{ { "kmem", "unplugged", "0", BLOCK_MISSING, BIND_AND_ONLINE(ONLINE_MOVABLE), true, NULL,
	    0 },
	  -ENXIO,
	  "kmem holds it without memory blocks",
	  "--online-type=TYPE --force" },
	{ { "mystery", "default", "0", BLOCK_MISSING, OUT(), true, NULL, 0 },
	  -EBUSY,
	  "it is bound to the driver 'mystery'",
	  "driver" },
	{ { "mystery", "default", "0", BLOCK_MISSING, ASK(ONLINE, .to_system_ram = true), true,
	    NULL, 0 },
	  -EBUSY,
	  "it is bound to the driver 'mystery'",
	  "driver" },
};

static enum dax_mode mode_of(const char *driver)
{
	for (enum dax_mode mode = 0; mode < DAX_MODE_UNKNOWN; mode++) {
		const char *name = dax_mode_driver(mode);

		if (strcmp(driver, name ? name : "") == 0)
			return mode;
	}
	return DAX_MODE_UNKNOWN;
}

static int make(const struct example *example, struct dax_device *device, struct plan *plan,
		struct problem *problem)
{
	const struct environment environment = {
		.system_default = POLICY_ONLINE,
		.kmem_is_loaded = example->kmem_is_loaded,
		/* The kernel that does not tell the zone. */
		.keeps_memory = example->memory == BLOCK_ONLINE,
	};
	struct block block[4];
	const struct blocks blocks = { 0x8000000, 4, block };

	for (size_t i = 0; i < 4; i++)
		block[i] = (struct block){ 32 + i, example->memory };
	*device = (struct dax_device){ .name = "dax0.0", .size = 0x20000000 };
	device->mode = mode_of(example->driver);
	strcpy(device->driver, example->driver);
	strcpy(device->online_type, example->policy);
	strcpy(device->memmap_on_memory, example->memmap);
	return plan_make(plan, &example->request, device, &blocks, &environment, problem);
}

static void append(char *text, enum action action, const char *value)
{
	strcat(text, action_names[action]);
	if (value) {
		strcat(text, " ");
		strcat(text, value);
	}
}

static void test_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		struct dax_device device;
		struct problem problem;
		char text[400] = "";
		struct plan plan;

		assert_int_equal(make(&plans[i], &device, &plan, &problem), 0);
		for (size_t j = 0; j < plan.nr_steps; j++) {
			if (j)
				strcat(text, ", ");
			append(text, plan.step[j].action, plan.step[j].value);
			if (plan.step[j].undo == ACTION_NONE)
				continue;
			strcat(text, "/");
			append(text, plan.step[j].undo, plan.step[j].undo_value);
		}
		assert_string_equal(text, plans[i].plan);
		assert_int_equal(plan.expected, plans[i].expected);
		plan_free(&plan);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct dax_device device;
		struct problem problem;
		struct plan plan;

		assert_int_equal(make(&refusals[i].example, &device, &plan, &problem),
				 refusals[i].err);
		assert_int_equal(problem.err, refusals[i].err);
		if (!strstr(problem.text, refusals[i].text))
			fail_msg("\"%s\" does not say \"%s\"", problem.text, refusals[i].text);
		if (!strstr(problem.advice, refusals[i].advice))
			fail_msg("\"%s\" does not say \"%s\"", problem.advice, refusals[i].advice);
		plan_free(&plan);
	}
}

static void test_no_memory(void **state)
{
	const struct environment environment = { POLICY_ONLINE, true, false, "" };
	const struct request request = ASK(ONLINE, .to_system_ram = true);
	struct dax_device device = { .name = "dax0.1", .online_type = "default" };
	const struct blocks none = { 0x8000000, 0, NULL };
	struct problem problem;
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &request, &device, &none, &environment, &problem),
			 -ENXIO);
	assert_string_equal(problem.text, "it has no memory");
	device.size = 1 << 20;
	assert_int_equal(plan_make(&plan, &request, &device, &none, &environment, &problem),
			 -EINVAL);
	assert_string_equal(problem.text, "no memory block of 128 MiB fits into it");
}

static void test_note(void **state)
{
	const struct example example = { "kmem",
					 "default",
					 "0",
					 BLOCK_MOVABLE,
					 ASK(ONLINE_MOVABLE, .to_system_ram = true),
					 true,
					 "",
					 POLICY_ONLINE_MOVABLE };
	struct dax_device device;
	struct problem problem;
	struct plan plan;

	(void)state;
	assert_int_equal(make(&example, &device, &plan, &problem), 0);
	assert_string_equal(plan.note, "its memory is as asked already; its policy for the next "
				       "bind stays 'default', without --force");
	assert_true(plan.is_warning);
	plan_free(&plan);
}

static void test_users(void **state)
{
	const struct environment environment = { POLICY_ONLINE, true, false, "71 (qemu)" };
	struct request request = ASK(ONLINE_MOVABLE, .to_system_ram = true, .spares_users = true);
	struct block block = { 32, BLOCK_MISSING };
	const struct blocks blocks = { 0x8000000, 1, &block };
	struct dax_device device = { .name = "dax0.0",
				     .mode = DAX_MODE_DEVDAX,
				     .driver = "device_dax",
				     .size = 0x8000000,
				     .online_type = "default" };
	struct problem problem;
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &request, &device, &blocks, &environment, &problem),
			 -EBUSY);
	assert_string_equal(problem.text,
			    "these processes have /dev/dax0.0 open or mapped: 71 (qemu)");
	plan_free(&plan);
	/* By force, and where upstream daxctl would not ask either. */
	for (int i = 0; i < 2; i++) {
		request.force = i == 0;
		request.spares_users = i == 0;
		assert_int_equal(
			plan_make(&plan, &request, &device, &blocks, &environment, &problem), 0);
		assert_true(plan.nr_steps > 0);
		assert_true(plan.is_warning);
		assert_non_null(strstr(plan.note, "71 (qemu)"));
		plan_free(&plan);
	}
	/* Nothing is taken from them by these. */
	request = (struct request)ASK(ONLINE_MOVABLE, .spares_users = true);
	assert_int_equal(plan_make(&plan, &request, &device, &blocks, &environment, &problem), 0);
	assert_string_equal(plan.note, "");
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every situation has its plan, and every step its undo", test_plans),
		TEST("what cannot be done is refused, with the reason and what to do",
		     test_refusals),
		TEST("a device without memory, or with too little, is refused", test_no_memory),
		TEST("that a policy stays although the memory is as asked, is told", test_note),
		TEST("a device that processes use is kept for them, unless by force", test_users),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
