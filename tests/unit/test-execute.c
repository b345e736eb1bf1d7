// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/execute.h"
#include "fake-kernel.h"
#include "unit.h"

/* Where a device starts, and what is asked of it. */
struct scenario {
	const char *name;
	const char *driver; /* that holds it; NULL: none */
	const char *policy; /* that it has; NULL: a kernel without the attribute */
	const char *system_default;
	const char *state; /* written to its state before; NULL: nothing */
	const char *block; /* written to the state of its second block; NULL: nothing */
	enum policy asked;
	bool set_memory;
	const char *to_driver; /* asked for instead: bind it to this one */
	bool force;
	bool loads_kmem; /* the module is not there yet */
	bool no_state;	 /* a kernel without kmem's state */
	bool by_kind;	 /* kmem takes it by its kind */
	size_t nr_siblings;
	int memmap;	       /* 1: asked for */
	const char *expected;  /* at the end */
	bool siblings_by_kind; /* kmem takes the others by their kind */
	bool siblings_by_name; /* kmem has the others' names in its list */
};

static const struct scenario scenarios[] = {
	{ .name = "devdax to every zone: movable",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "devdax to kernel",
	  .driver = "device_dax",
	  .policy = "offline",
	  .system_default = "online_movable",
	  .asked = POLICY_ONLINE_KERNEL,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_kernel memmap=0 state=plugged autoprobe=1: "
		      "Normal Normal Normal Normal" },
	{ .name = "devdax to offline, loading kmem",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_OFFLINE,
	  .loads_kmem = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=offline memmap=0 state=plugged autoprobe=1: "
		      "offline offline offline offline" },
	{ .name = "devdax to unplugged",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_UNPLUGGED,
	  .loads_kmem = true,
	  .expected = "driver=kmem policy=unplugged memmap=0 state=unplugged autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "devdax to the system's default",
	  .driver = "device_dax",
	  .policy = "offline",
	  .system_default = "online_movable",
	  .asked = POLICY_DEFAULT,
	  .expected = "driver=kmem policy=default memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "famfs to movable",
	  .driver = "fsdev_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "disabled to movable, loading kmem",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .loads_kmem = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "disabled among siblings, loading kmem",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .loads_kmem = true,
	  .by_kind = true,
	  .nr_siblings = 2,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "unplugged to movable, without force",
	  .driver = "kmem",
	  .policy = "default",
	  .system_default = "online",
	  .state = "unplugged",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "system-ram to movable by force",
	  .driver = "kmem",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .force = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "system-ram with one stray block, by force",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "online",
	  .block = "offline",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .force = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "system-ram to kernel by force, block by block",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "offline",
	  .block = "offline",
	  .asked = POLICY_ONLINE_KERNEL,
	  .force = true,
	  .no_state = true,
	  .expected = "driver=kmem policy=online_kernel memmap=0 state= autoprobe=1: "
		      "Normal Normal Normal Normal" },
	{ .name = "system-ram offline to unplugged by force",
	  .driver = "kmem",
	  .policy = "offline",
	  .system_default = "online",
	  .asked = POLICY_UNPLUGGED,
	  .force = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=unplugged memmap=0 state=unplugged autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "devdax to movable with the memmap on it",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .by_kind = true,
	  .memmap = 1,
	  .expected = "driver=kmem policy=online_movable memmap=1 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "without the attribute: devdax to movable through state",
	  .driver = "device_dax",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .loads_kmem = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy= memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "without the attribute: devdax to offline",
	  .driver = "device_dax",
	  .system_default = "online",
	  .asked = POLICY_OFFLINE,
	  .by_kind = true,
	  .expected = "driver=kmem policy= memmap=0 state=plugged autoprobe=1: "
		      "offline offline offline offline" },
	{ .name = "without the attribute: unplugged to offline",
	  .driver = "kmem",
	  .system_default = "online",
	  .state = "unplugged",
	  .asked = POLICY_OFFLINE,
	  .by_kind = true,
	  .expected = "driver=kmem policy= memmap=0 state=plugged autoprobe=1: "
		      "offline offline offline offline" },
	{ .name = "offline to movable by force",
	  .driver = "kmem",
	  .policy = "offline",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .force = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "without the attribute: devdax to kernel, block by block",
	  .driver = "device_dax",
	  .system_default = "online_movable",
	  .asked = POLICY_ONLINE_KERNEL,
	  .no_state = true,
	  .by_kind = true,
	  .expected =
		  "driver=kmem policy= memmap=0 state= autoprobe=1: Normal Normal Normal Normal" },
	{ .name = "without the attribute: system-ram to movable by force",
	  .driver = "kmem",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .force = true,
	  .by_kind = true,
	  .expected = "driver=kmem policy= memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "without the attribute: system-ram to kernel by force, block by block",
	  .driver = "kmem",
	  .system_default = "online_movable",
	  .block = "offline",
	  .asked = POLICY_ONLINE_KERNEL,
	  .force = true,
	  .no_state = true,
	  .by_kind = true,
	  .expected =
		  "driver=kmem policy= memmap=0 state= autoprobe=1: Normal Normal Normal Normal" },
	{ .name = "devdax, which kmem takes by name only, among siblings that it takes by kind",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .siblings_by_kind = true,
	  .nr_siblings = 2,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "devdax among siblings that kmem knows by name",
	  .driver = "device_dax",
	  .policy = "default",
	  .system_default = "online",
	  .asked = POLICY_ONLINE_MOVABLE,
	  .siblings_by_name = true,
	  .nr_siblings = 2,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "Movable Movable Movable Movable" },
	{ .name = "out by force: movable to devdax",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "offline",
	  .to_driver = "device_dax",
	  .force = true,
	  .expected = "driver=device_dax policy=online_movable memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "out by force: the system's default to devdax, block by block, among siblings",
	  .driver = "kmem",
	  .policy = "default",
	  .system_default = "online_movable",
	  .to_driver = "device_dax",
	  .force = true,
	  .no_state = true,
	  .nr_siblings = 2,
	  .expected = "driver=device_dax policy=default memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "out by force: with one stray block",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "online",
	  .block = "offline",
	  .to_driver = "device_dax",
	  .force = true,
	  .no_state = true,
	  .expected = "driver=device_dax policy=online_movable memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "out, offline, without force",
	  .driver = "kmem",
	  .policy = "offline",
	  .system_default = "online",
	  .to_driver = "device_dax",
	  .expected = "driver=device_dax policy=offline memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "out, without memory",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "online",
	  .state = "unplugged",
	  .to_driver = "device_dax",
	  .by_kind = true,
	  .expected = "driver=device_dax policy=online_movable memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "out by force: without the attribute",
	  .driver = "kmem",
	  .system_default = "online_movable",
	  .to_driver = "device_dax",
	  .force = true,
	  .no_state = true,
	  .expected = "driver=device_dax policy= memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
	{ .name = "offline-memory",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "online",
	  .set_memory = true,
	  .asked = POLICY_OFFLINE,
	  .expected = "driver=kmem policy=online_movable memmap=0 state=plugged autoprobe=1: "
		      "offline offline offline offline" },
	{ .name = "online-memory, where one block is online already",
	  .driver = "kmem",
	  .policy = "offline",
	  .system_default = "online",
	  .block = "online_kernel",
	  .set_memory = true,
	  .asked = POLICY_ONLINE_MOVABLE,
	  .expected = "driver=kmem policy=offline memmap=0 state=plugged autoprobe=1: "
		      "Movable Normal Movable Movable" },
	{ .name = "to no driver by force",
	  .driver = "kmem",
	  .policy = "online_movable",
	  .system_default = "online",
	  .to_driver = "",
	  .force = true,
	  .by_kind = true,
	  .expected = "driver= policy=online_movable memmap=0 state= autoprobe=1: "
		      "unplugged unplugged unplugged unplugged" },
};

static volatile sig_atomic_t interrupted;
static size_t interrupt_at;

/* For the executor. */
static int (*finish)(void *data, struct problem *problem);

static void interrupt(void *data)
{
	const struct fake_kernel *kernel = data;

	if (interrupt_at && kernel->nr_writes == interrupt_at)
		interrupted = SIGTERM;
}

static void start(struct fake_kernel *kernel, const struct scenario *scenario)
{
	fake_kernel_start(kernel, 1 + scenario->nr_siblings);
	kernel->has_state = !scenario->no_state;
	kernel->kmem_by_kind = scenario->by_kind;
	fake_write(kernel, scenario->system_default, "devices/system/memory/auto_online_blocks");
	if (scenario->policy)
		fake_write(kernel, scenario->policy, DAX_DEVICES "/dax0.0/online_type");
	else
		fake_without_policy(kernel);
	if (scenario->driver)
		fake_bind(kernel, "dax0.0", scenario->driver);
	if (!scenario->loads_kmem)
		fake_load_module("kmem");
	kernel->siblings_by_kind = scenario->siblings_by_kind;
	for (size_t i = 1; i <= scenario->nr_siblings && scenario->siblings_by_name; i++)
		snprintf(kernel->ids[i], sizeof(kernel->ids[i]), "kmem dax0.%zu", i);
	if (scenario->state)
		fake_write(kernel, scenario->state, DAX_DEVICES "/dax0.0/state");
	if (scenario->block)
		fake_write(kernel, scenario->block, "devices/system/memory/memory33/state");
}

/* What the command does for one device; the outcome goes to the caller. */
static int run(struct fake_kernel *kernel, const struct scenario *scenario, bool dry_run,
	       struct outcome *outcome,
	       void (*report)(void *, const char *, const char *, const char *), void *report_data)
{
	const struct executor executor = {
		.sysfs = &kernel->sysfs,
		.dry_run = dry_run,
		.load_module = fake_load_module,
		.interrupted = &interrupted,
		.report = report,
		.report_data = report_data,
		.finish = finish,
		.finish_data = kernel,
	};
	const struct request request = {
		.set_policy = !scenario->to_driver && !scenario->set_memory,
		.policy = scenario->asked,
		.set_memory = scenario->set_memory,
		.to_system_ram = !scenario->to_driver && !scenario->set_memory,
		.to_driver = scenario->to_driver,
		.force = scenario->force,
		.allow_fallback = true,
		.memmap_on_memory = scenario->memmap ? MEMMAP_ON : MEMMAP_AS_IT_IS,
	};
	struct environment environment = { .kmem_is_loaded = !scenario->loads_kmem };
	struct dax_device device;
	struct problem problem;
	struct blocks blocks;
	struct plan plan;
	int rc;

	assert_int_equal(policy_from_kernel(scenario->system_default, &environment.system_default),
			 0);
	assert_int_equal(dax_device_read(&kernel->sysfs, "dax0.0", &device), 0);
	assert_int_equal(
		blocks_from_ranges(&blocks, device.range, device.nr_ranges, FAKE_BLOCK_SIZE), 0);
	blocks_read(&kernel->sysfs, &blocks);
	rc = plan_make(&plan, &request, &device, &blocks, &environment, &problem);
	if (rc < 0)
		fail_msg("%s: %s", scenario->name, problem.text);
	interrupted = 0;
	rc = plan_execute(&executor, &plan, outcome);
	plan_free(&plan);
	blocks_free(&blocks);
	dax_device_free(&device);
	return rc;
}

/* No test may leave memory that is lost, or a sibling that was bound. */
static void assert_harmless(struct fake_kernel *kernel, const struct scenario *scenario)
{
	assert_false(kernel->has_leaked);
	assert_false(kernel->sibling_was_online);
	for (size_t i = 1; i <= scenario->nr_siblings; i++) {
		char name[DAX_NAME_SIZE], text[256];

		snprintf(name, sizeof(name), "dax0.%zu", i);
		fake_describe(kernel, name, text, sizeof(text));
		assert_string_equal(text, "driver= policy=default memmap=0 state= autoprobe=1: "
					  "unplugged unplugged unplugged unplugged");
	}
}

static void test_success(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		struct fake_kernel kernel;
		struct outcome outcome;
		char text[256];

		start(&kernel, scenario);
		if (run(&kernel, scenario, false, &outcome, NULL, NULL) < 0)
			fail_msg("%s: %s", scenario->name, outcome.problem.text);
		assert_int_equal(outcome.unlike, 0);
		fake_describe(&kernel, "dax0.0", text, sizeof(text));
		if (strcmp(text, scenario->expected) != 0)
			fail_msg("%s:\n%s, not\n%s", scenario->name, text, scenario->expected);
		assert_harmless(&kernel, scenario);
		outcome_free(&outcome);
		fake_kernel_stop(&kernel);
	}
}

/* Refuses one write after the other until the whole plan runs without that many. */
static void assert_rollback(const struct scenario *scenario, int err)
{
	size_t fail_at = 0;
	int rc;

	do {
		char before[256], after[256];
		struct fake_kernel kernel;
		struct outcome outcome;

		start(&kernel, scenario);
		kernel.fail_at = ++fail_at;
		kernel.fail_with = err;
		fake_describe(&kernel, "dax0.0", before, sizeof(before));
		rc = run(&kernel, scenario, false, &outcome, NULL, NULL);
		fake_describe(&kernel, "dax0.0", after, sizeof(after));
		if (rc < 0 && strcmp(before, after) != 0)
			fail_msg("%s, write %zu refused:\n%s, not\n%s (%s; %s)", scenario->name,
				 fail_at, after, before, outcome.problem.text,
				 outcome.rollback.text);
		if (rc == 0 && strcmp(after, scenario->expected) != 0)
			fail_msg("%s, write %zu refused in vain:\n%s, not\n%s", scenario->name,
				 fail_at, after, scenario->expected);
		if (rc < 0)
			assert_string_not_equal(outcome.problem.text, "");
		assert_harmless(&kernel, scenario);
		outcome_free(&outcome);
		if (kernel.nr_writes < fail_at)
			fail_at = 0; /* it was not refused: all have been tried */
		fake_kernel_stop(&kernel);
	} while (fail_at);
}

static void test_rollback(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		assert_rollback(&scenarios[i], -EIO);
		assert_rollback(&scenarios[i], -EBUSY);
	}
}

/* An error leaves the device as it was. Returns it, and how many writes there were. */
static int run_all_or_nothing(const struct scenario *scenario, size_t *nr_writes)
{
	char before[256], after[256];
	struct fake_kernel kernel;
	struct outcome outcome;
	int rc;

	start(&kernel, scenario);
	kernel.before_write = interrupt;
	kernel.before_write_data = &kernel;
	fake_describe(&kernel, "dax0.0", before, sizeof(before));
	rc = run(&kernel, scenario, false, &outcome, NULL, NULL);
	fake_describe(&kernel, "dax0.0", after, sizeof(after));
	assert_string_equal(after, rc ? before : scenario->expected);
	assert_harmless(&kernel, scenario);
	*nr_writes = kernel.nr_writes;
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
	return rc;
}

static void test_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		size_t nr_writes = 1;

		for (interrupt_at = 1; interrupt_at <= nr_writes; interrupt_at++) {
			int rc = run_all_or_nothing(scenario, &nr_writes);

			assert_true(rc == 0 || rc == -EINTR);
		}
		interrupt_at = 0;
	}
}

static size_t writes_before_finish;

static int refuse_to_finish(void *data, struct problem *problem)
{
	const struct fake_kernel *kernel = data;

	writes_before_finish = kernel->nr_writes;
	return problem_set(problem, -EXDEV, NULL, "refused");
}

static void test_finish(void **state)
{
	size_t nr_writes;

	(void)state;
	finish = refuse_to_finish;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		writes_before_finish = 0;
		assert_int_equal(run_all_or_nothing(&scenarios[i], &nr_writes), -EXDEV);
		interrupt_at = writes_before_finish;
		writes_before_finish = 0;
		assert_int_equal(run_all_or_nothing(&scenarios[i], &nr_writes), -EINTR);
		assert_int_equal(writes_before_finish, 0);
		interrupt_at = 0;
	}
	finish = NULL;
}

static size_t kill_at;

static void kill_this(void *data)
{
	const struct fake_kernel *kernel = data;

	if (kernel->nr_writes == kill_at)
		raise(SIGKILL);
}

/* Runs it in a process that is killed just before a write; false if it ends before that. */
static bool run_killed(struct fake_kernel *kernel, const struct scenario *scenario)
{
	int alive[2], status;
	struct outcome outcome;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(alive), 0);
	kernel->before_write = kill_this;
	kernel->before_write_data = kernel;
	pid = fork();
	if (pid == 0) {
		run(kernel, scenario, false, &outcome, NULL, NULL);
		_exit(0);
	}
	close(alive[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* What the process has started ends too. */
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
	kernel->before_write = NULL;
	return WIFSIGNALED(status);
}

static void test_killed(void **state)
{
	struct fake_kernel *kernel = mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(kernel, MAP_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		bool was_killed;

		for (kill_at = 1, was_killed = true; was_killed; kill_at++) {
			struct outcome outcome;
			char after[256];

			start(kernel, scenario);
			kernel->nr_writes = 0;
			was_killed = run_killed(kernel, scenario);
			if (run(kernel, scenario, false, &outcome, NULL, NULL) < 0)
				fail_msg("%s, killed before write %zu, then: %s", scenario->name,
					 kill_at, outcome.problem.text);
			fake_describe(kernel, "dax0.0", after, sizeof(after));
			if (strcmp(after, scenario->expected) != 0)
				fail_msg("%s, killed before write %zu:\n%s, not\n%s",
					 scenario->name, kill_at, after, scenario->expected);
			assert_harmless(kernel, scenario);
			outcome_free(&outcome);
			fake_kernel_stop(kernel);
		}
		assert_true(kill_at > 2);
	}
	munmap(kernel, sizeof(*kernel));
}

/* @load_error ends the command with @rc; the texts are what it says. */
static void assert_not_loaded(int load_error, int rc, const char *text, const char *advice)
{
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		char before[256], after[256];
		struct fake_kernel kernel;
		struct outcome outcome;

		if (!scenario->loads_kmem)
			continue;
		start(&kernel, scenario);
		kernel.load_error = load_error;
		fake_describe(&kernel, "dax0.0", before, sizeof(before));
		assert_int_equal(run(&kernel, scenario, false, &outcome, NULL, NULL), rc);
		fake_describe(&kernel, "dax0.0", after, sizeof(after));
		assert_string_equal(before, after);
		assert_string_equal(outcome.problem.text, text);
		assert_non_null(strstr(outcome.problem.advice, advice));
		outcome_free(&outcome);
		fake_kernel_stop(&kernel);
	}
}

static void test_missing_module(void **state)
{
	(void)state;
	assert_not_loaded(-ENOENT, -ENOENT,
			  "cannot load the module kmem: No such file or directory",
			  "install that module");
}

/* As an exit status, -EKEYREJECTED would say that upstream's daxctl is missing. */
static void test_unsigned_module(void **state)
{
	static const struct {
		int err;
		const char *text;
	} errors[] = {
		{ -EKEYREJECTED, "cannot load the module kmem: Key was rejected by service" },
		{ -ENOKEY, "cannot load the module kmem: Required key not available" },
		{ -EKEYEXPIRED, "cannot load the module kmem: Key has expired" },
		{ -EKEYREVOKED, "cannot load the module kmem: Key has been revoked" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_not_loaded(errors[i].err, -EPERM, errors[i].text, "sign that module");
}

static void test_in_use(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		char before[256], after[256];
		struct fake_kernel kernel;
		struct outcome outcome;

		if (!scenario->force || strcmp(scenario->system_default, "online") != 0 ||
		    (scenario->policy && strcmp(scenario->policy, "offline") == 0))
			continue;
		start(&kernel, scenario);
		kernel.stuck = true;
		fake_describe(&kernel, "dax0.0", before, sizeof(before));
		assert_int_equal(run(&kernel, scenario, false, &outcome, NULL, NULL), -EBUSY);
		fake_describe(&kernel, "dax0.0", after, sizeof(after));
		assert_string_equal(before, after);
		assert_int_equal(outcome.rollback.err, 0);
		outcome_free(&outcome);
		fake_kernel_stop(&kernel);
	}
}

static const struct scenario *find_scenario(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	}
	fail_msg("there is no scenario '%s'", name);
	return NULL;
}

/* Something befalls a block just before the first write, or one that @what picks out. */
static void befall(struct fake_kernel *kernel, void (*what)(void *))
{
	kernel->nr_writes = 0;
	kernel->before_write = what;
	kernel->before_write_data = kernel;
}

/* The first block comes back just before this write. */
static size_t comes_back_at;

static void put_online_again(void *data)
{
	struct fake_kernel *kernel = data;

	if (kernel->nr_writes == comes_back_at) {
		kernel->before_write = NULL;
		fake_write(kernel, "online_movable", "devices/system/memory/memory32/state");
	}
}

/* By the time that its offlining is refused it is online again. */
static void test_comes_back_at_once(void **state)
{
	const struct scenario *scenario =
		find_scenario("system-ram to kernel by force, block by block");
	struct fake_kernel kernel;
	struct outcome outcome;

	(void)state;
	start(&kernel, scenario);
	kernel.nr_writes = 0;
	kernel.fail_at = 1;
	kernel.fail_with = -EINVAL;
	assert_int_equal(run(&kernel, scenario, false, &outcome, NULL, NULL), -EBUSY);
	assert_string_equal(outcome.problem.text,
			    "memory block 32 is not offline: it cannot be, or came back at once");
	assert_int_equal(outcome.rollback.err, 0);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

/* Three of the four blocks are online; three writes offline them. */
static void test_comes_back(void **state)
{
	static const struct {
		size_t at;
		const char *problem;
		bool has_leaked;
	} cases[] = {
		{ 3, "1 of its memory blocks are not offline or cannot be read", false },
		/* With the unbind, when it is too late to look. */
		{ 4,
		  "the kernel could not remove 4 of its memory blocks, as one came online at "
		  "the moment of the unbind",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scenario *scenario =
			find_scenario("system-ram to kernel by force, block by block");
		struct fake_kernel kernel;
		struct outcome outcome;

		start(&kernel, scenario);
		comes_back_at = cases[i].at;
		befall(&kernel, put_online_again);
		assert_int_equal(run(&kernel, scenario, false, &outcome, NULL, NULL), -EBUSY);
		assert_string_equal(outcome.problem.text, cases[i].problem);
		assert_int_equal(kernel.has_leaked, cases[i].has_leaked);
		/* What is lost for kmem is at least as useful as before. */
		assert_true(kernel.is_online[0] && !kernel.is_online[1] && kernel.is_online[2]);
		assert_int_equal(outcome.rollback.err != 0, cases[i].has_leaked);
		outcome_free(&outcome);
		fake_kernel_stop(&kernel);
	}
}

static void becomes_unreadable(void *data)
{
	struct fake_kernel *kernel = data;

	kernel->before_write = NULL;
	fake_make_unreadable(kernel, "devices/system/memory/memory33/valid_zones");
	fake_make_unreadable(kernel, "devices/system/memory/memory33/state");
}

static void is_taken_offline(void *data)
{
	struct fake_kernel *kernel = data;

	kernel->before_write = NULL;
	fake_going_offline(kernel, FAKE_FIRST_BLOCK + 1);
}

static const char block_by_block[] =
	"without the attribute: system-ram to kernel by force, block by block";

/* As that one, but with the attribute: it is unbound on the way. */
static const struct scenario replug_block_by_block = {
	.name = "system-ram to kernel by force, every block online",
	.driver = "kmem",
	.policy = "online_movable",
	.system_default = "offline",
	.asked = POLICY_ONLINE_KERNEL,
	.force = true,
	.no_state = true,
	.by_kind = true,
	.expected = "driver=kmem policy=online_kernel memmap=0 state= autoprobe=1: "
		    "Normal Normal Normal Normal",
};

static void test_unreadable(void **state)
{
	struct fake_kernel kernel;
	struct outcome outcome;

	(void)state;
	start(&kernel, &replug_block_by_block);
	befall(&kernel, becomes_unreadable);
	assert_int_equal(run(&kernel, &replug_block_by_block, false, &outcome, NULL, NULL), -EBUSY);
	assert_string_equal(outcome.problem.text,
			    "1 of its memory blocks are not offline or cannot be read");
	assert_false(kernel.has_leaked);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);

	/* Without an unbind it is at least taken offline, and not passed over. */
	start(&kernel, find_scenario(block_by_block));
	fake_write(&kernel, "online_movable", "devices/system/memory/memory33/state");
	befall(&kernel, becomes_unreadable);
	assert_int_equal(run(&kernel, find_scenario(block_by_block), false, &outcome, NULL, NULL),
			 0);
	assert_true(kernel.is_online[1]);
	assert_int_equal(outcome.unlike, 1);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

static void no_kernel_zone(void *data, const char *device, const char *what, const char *result)
{
	(void)data;
	(void)device;
	(void)result;
	if (strstr(what, "online_kernel"))
		fail_msg("%s", what);
}

/* Memory that was offline only could not leave a kernel zone again. */
static void test_back_to_offline(void **state)
{
	const struct scenario *scenario = find_scenario("offline to movable by force");
	struct fake_kernel kernel;
	struct outcome outcome;

	(void)state;
	start(&kernel, scenario);
	kernel.nr_writes = 0;
	kernel.fail_at = 2; /* the memory is out by then */
	kernel.fail_with = -EIO;
	assert_int_equal(run(&kernel, scenario, false, &outcome, no_kernel_zone, NULL), -EIO);
	assert_int_equal(outcome.rollback.err, 0);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

static void fails_once_more(void *data)
{
	struct fake_kernel *kernel = data;

	/* The fourth block is not taken offline, and the first does not come back. */
	if (kernel->nr_writes == 5)
		kernel->fail_at = 5;
}

static void test_goes_on_with_the_way_back(void **state)
{
	struct fake_kernel kernel;
	struct outcome outcome;

	(void)state;
	start(&kernel, &replug_block_by_block);
	befall(&kernel, fails_once_more);
	kernel.fail_at = 4;
	kernel.fail_with = -EIO;
	assert_int_equal(run(&kernel, &replug_block_by_block, false, &outcome, NULL, NULL), -EIO);
	assert_int_equal(outcome.rollback.err, -EIO);
	assert_non_null(strstr(outcome.rollback.text, "memory32/state"));
	for (size_t i = 0; i < FAKE_NR_BLOCKS; i++)
		assert_int_equal(kernel.is_online[i], i != 0);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

static void test_going_offline(void **state)
{
	struct fake_kernel kernel;
	struct outcome outcome;
	char text[256];

	(void)state;
	start(&kernel, &replug_block_by_block);
	befall(&kernel, is_taken_offline);
	assert_int_equal(run(&kernel, &replug_block_by_block, false, &outcome, NULL, NULL), 0);
	assert_false(kernel.has_leaked);
	fake_describe(&kernel, "dax0.0", text, sizeof(text));
	assert_string_equal(text, replug_block_by_block.expected);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

/* A bind that is to be rolled back, on a kernel that cannot. */
static void test_without_hotremove(void **state)
{
	static const enum policy policies[] = { POLICY_OFFLINE, POLICY_ONLINE_MOVABLE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct scenario scenario = *find_scenario("devdax to kernel");
		struct fake_kernel kernel;
		struct outcome outcome;

		scenario.asked = policies[i];
		scenario.no_state = true;
		/* After the policy and the unbind comes the bind. */
		interrupt_at = 3;
		start(&kernel, &scenario);
		kernel.no_hotremove = true;
		befall(&kernel, interrupt);
		run(&kernel, &scenario, false, &outcome, NULL, NULL);
		assert_false(kernel.has_leaked);
		interrupt_at = 0;
		outcome_free(&outcome);
		fake_kernel_stop(&kernel);
	}
}

/* Just before the first block is put online, somebody else does that. */
static void put_online_first(void *data)
{
	struct fake_kernel *kernel = data;

	if (kernel->nr_writes == 4) {
		kernel->before_write = NULL;
		fake_write(kernel, "online_kernel", "devices/system/memory/memory32/state");
	}
}

static void test_does_the_same(void **state)
{
	const struct scenario *scenario =
		find_scenario("without the attribute: devdax to kernel, block by block");
	struct fake_kernel kernel;
	struct outcome outcome;
	char text[256];

	(void)state;
	start(&kernel, scenario);
	kernel.nr_writes = 0;
	kernel.before_write = put_online_first;
	kernel.before_write_data = &kernel;
	assert_int_equal(run(&kernel, scenario, false, &outcome, NULL, NULL), 0);
	assert_null(kernel.before_write);
	fake_describe(&kernel, "dax0.0", text, sizeof(text));
	assert_string_equal(text, scenario->expected);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

/* A device that no driver has, back to kmem as it was there. */
/* Without memory, a device must not get it in a kernel zone on its way back to kmem. */
static void assert_returns(const char *policy, const char *system_default, const char *expected)
{
	const struct scenario scenario = {
		.driver = "kmem",
		.policy = policy,
		.system_default = system_default,
		.state = "unplugged",
		.to_driver = "device_dax",
	};
	struct fake_kernel kernel;
	struct outcome outcome;
	char text[256];

	start(&kernel, &scenario);
	kernel.nr_writes = 0;
	kernel.fail_at = 2; /* the bind, after the unbind */
	kernel.fail_with = -EIO;
	assert_int_equal(run(&kernel, &scenario, false, &outcome, NULL, NULL), -EIO);
	assert_int_equal(outcome.rollback.err, 0);
	fake_describe(&kernel, "dax0.0", text, sizeof(text));
	assert_string_equal(text, expected);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

static void test_returns(void **state)
{
	(void)state;
	assert_returns("online_movable", "online",
		       "driver=kmem policy=online_movable memmap=0 state=unplugged autoprobe=1: "
		       "unplugged unplugged unplugged unplugged");
	assert_returns("default", "offline",
		       "driver=kmem policy=default memmap=0 state=unplugged autoprobe=1: "
		       "unplugged unplugged unplugged unplugged");
	assert_returns("default", "online",
		       "driver=kmem policy=unplugged memmap=0 state=unplugged autoprobe=1: "
		       "unplugged unplugged unplugged unplugged");
	assert_returns("online_kernel", "offline",
		       "driver=kmem policy=unplugged memmap=0 state=unplugged autoprobe=1: "
		       "unplugged unplugged unplugged unplugged");
}

static void test_new_id(void **state)
{
	struct fake_kernel kernel;
	struct outcome outcome;

	(void)state;
	/* The policy, the unbind, and then the bind. */
	start(&kernel, find_scenario("devdax to kernel"));
	kernel.fail_at = 3;
	kernel.fail_with = -EIO;
	assert_int_equal(
		run(&kernel, find_scenario("devdax to kernel"), false, &outcome, NULL, NULL), -EIO);
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

static void test_unverified(void **state)
{
	struct fake_kernel kernel;
	struct outcome outcome;
	char text[256];

	(void)state;
	start(&kernel, &scenarios[0]);
	kernel.onlining_fails = true;
	assert_int_equal(run(&kernel, &scenarios[0], false, &outcome, NULL, NULL), 0);
	assert_int_equal(outcome.unlike, 2);
	blocks_describe_unlike(&outcome.after, POLICY_ONLINE_MOVABLE, text, sizeof(text));
	assert_string_equal(text, "2 of 4 memory blocks are not in Movable: 2 offline");
	fake_describe(&kernel, "dax0.0", text, sizeof(text));
	assert_non_null(strstr(text, "driver=kmem"));
	outcome_free(&outcome);
	fake_kernel_stop(&kernel);
}

struct log {
	char text[8192];
	bool is_failure;
};

static void write_log(void *data, const char *device, const char *what, const char *result)
{
	struct log *log = data;
	size_t used = strlen(log->text);

	snprintf(log->text + used, sizeof(log->text) - used, "%s: %s\n", device, what);
	log->is_failure |= result && strcmp(result, "done") != 0;
}

/*
 * Not every write of a plan can be foreseen: whether kmem knows the device by
 * its kind, for instance. These can. The other drivers take by name what kmem
 * takes by its kind.
 */
static bool is_foreseeable(const struct scenario *scenario)
{
	return scenario->by_kind && scenario->policy && !scenario->to_driver;
}

static void test_dry_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		char before[256], after[256];
		struct log dry = { 0 }, real = { 0 };
		struct fake_kernel kernel;
		struct outcome outcome;

		start(&kernel, scenario);
		fake_describe(&kernel, "dax0.0", before, sizeof(before));
		kernel.nr_writes = 0;
		finish = refuse_to_finish;
		assert_int_equal(run(&kernel, scenario, true, &outcome, write_log, &dry), 0);
		finish = NULL;
		assert_int_equal(kernel.nr_writes, 0);
		outcome_free(&outcome);
		fake_describe(&kernel, "dax0.0", after, sizeof(after));
		assert_string_equal(before, after);
		assert_int_equal(run(&kernel, scenario, false, &outcome, write_log, &real), 0);
		outcome_free(&outcome);
		if (is_foreseeable(scenario) && strcmp(dry.text, real.text) != 0)
			fail_msg("%s: announced\n%sdone\n%s", scenario->name, dry.text, real.text);
		fake_kernel_stop(&kernel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every reconfiguration ends as it was asked for", test_success),
		TEST("whichever write is refused, mode, policy and memory are as before",
		     test_rollback),
		TEST("whenever a signal comes, all is done or all is as before", test_signals),
		TEST("what cannot be finished leaves mode, policy and memory as before",
		     test_finish),
		TEST("killed at any write, the next run ends as it was asked for", test_killed),
		TEST("without the kmem module nothing changes", test_missing_module),
		TEST("with a kmem module of the wrong signature, the error is EPERM",
		     test_unsigned_module),
		TEST("memory that is in use stays as it is", test_in_use),
		TEST("memory that comes online again meanwhile is not lost, or that is told",
		     test_comes_back),
		TEST("a block that is online again at once is told", test_comes_back_at_once),
		TEST("a block that cannot be read is not taken for offline", test_unreadable),
		TEST("memory that was offline only sees no kernel zone on its way back",
		     test_back_to_offline),
		TEST("a block that does not come back keeps no other from it",
		     test_goes_on_with_the_way_back),
		TEST("a block that somebody else is taking offline is waited for",
		     test_going_offline),
		TEST("without hot-remove kmem keeps what has memory", test_without_hotremove),
		TEST("a block that somebody else puts where it shall be is no failure",
		     test_does_the_same),
		TEST("a device goes back to kmem without memory", test_returns),
		TEST("that the bind fails is no reason to try new_id, unless kmem does not know "
		     "the device",
		     test_new_id),
		TEST("blocks that did not get where they should are counted, and stay bound",
		     test_unverified),
		TEST("a dry run announces what is then done, and does nothing", test_dry_run),
	};

	return cmocka_run_group_tests_name("execute", tests, NULL, NULL);
}
