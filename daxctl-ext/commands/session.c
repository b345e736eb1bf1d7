// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "device/device.h"
#include "device/users.h"
#include "upstream/forward.h"
#include "upstream/json.h"
#include "plan/module.h"
#include "commands/progress.h"
#include "commands/session.h"
#include "signals.h"

const struct session_words words_reconfigure = {
	.verbing = "reconfiguring devices",
	.verbed = "reconfigured",
	.shows_devices = true,
};

static void print_step(void *data, const char *device, const char *what, const char *result)
{
	const struct session *session = data;

	if (!result)
		fprintf(stderr, "%s: %s\n", device, what);
	else if (session->is_verbose)
		fprintf(stderr, "%s: %s: %s\n", device, what, result);
}

/* Everything that a plan depends on. */
struct situation {
	struct dax_device device;
	struct blocks blocks;
	struct environment environment;
};

static void situation_free(struct situation *situation)
{
	dax_device_free(&situation->device);
	blocks_free(&situation->blocks);
}

static int read_environment(const struct sysfs *sysfs, struct environment *environment)
{
	char text[POLICY_TEXT_SIZE];
	int rc = sysfs_read(sysfs, text, sizeof(text), "devices/system/memory/auto_online_blocks");

	if (rc < 0)
		return rc == -ENOENT ? -EOPNOTSUPP : rc;
	environment->kmem_is_loaded = sysfs_exists(sysfs, DAX_DRIVERS "/kmem");
	return policy_from_kernel(text, &environment->system_default);
}

/* What only matters for system-ram is left out if it is not asked for. */
static int read_situation(const struct session *session, const char *name,
			  struct situation *situation, struct problem *problem)
{
	const struct sysfs *sysfs = session->sysfs;
	int rc = dax_device_read(sysfs, name, &situation->device);

	if (rc < 0)
		return problem_set(problem, rc, NULL, "cannot read its attributes: %s",
				   strerror(-rc));
	if (!session->request.to_system_ram && !session->request.to_driver &&
	    !session->request.set_memory)
		return 0;
	if (dax_device_hides_ranges(&situation->device))
		return problem_set(problem, -EACCES, "run this as root",
				   "cannot read where its memory is: %s", strerror(EACCES));
	rc = read_environment(sysfs, &situation->environment);
	if (rc == 0)
		rc = dax_device_blocks(sysfs, &situation->device, &situation->blocks);
	if (rc < 0)
		return problem_set(
			problem, rc,
			rc == -EOPNOTSUPP
				? "use a kernel with memory hotplug (CONFIG_MEMORY_HOTPLUG)"
				: NULL,
			"cannot read the system's memory blocks: %s", strerror(-rc));
	if (situation->device.mode == DAX_MODE_DEVDAX || situation->device.mode == DAX_MODE_FAMFS)
		users_describe(sysfs, name, situation->environment.users,
			       sizeof(situation->environment.users));
	if (situation->device.mode == DAX_MODE_SYSTEM_RAM) {
		blocks_read(sysfs, &situation->blocks);
		situation->environment.keeps_memory =
			!blocks_can_be_removed(sysfs, &situation->blocks);
	}
	return 0;
}

static void describe_device(const struct dax_device *device, char *text, size_t size)
{
	if (device->online_type[0])
		snprintf(text, size, "%s, with the policy '%s'", dax_mode_name(device->mode),
			 device->online_type);
	else
		snprintf(text, size, "%s", dax_mode_name(device->mode));
}

/* After a failure: tells in which state the device is left. */
static void print_rollback(const struct session *session, const char *name,
			   const struct problem *rollback)
{
	_cleanup_device_ struct dax_device device;
	char text[128] = "unknown";

	if (dax_device_read(session->sysfs, name, &device) == 0)
		describe_device(&device, text, sizeof(text));
	if (rollback->err)
		print_problem(name, "could not roll everything back", rollback);
	fprintf(stderr, "%s: its mode is %s: %s\n", name, rollback->err ? "now" : "unchanged",
		text);
}

/* Adds the device as it is now, or if that cannot be read, as the plan has made it. */
static void add_to_output(const struct session *session, const struct plan *plan,
			  const struct blocks *after)
{
	_cleanup_device_ struct dax_device device;
	_cleanup_blocks_ struct blocks now = { 0 };
	const char *name = plan->device->name;
	int rc = dax_device_read(session->sysfs, name, &device);

	if (rc < 0) {
		fprintf(stderr, "%s: done, but now it cannot be read: %s\n", name, strerror(-rc));
		if (session->request.to_system_ram)
			device.mode = DAX_MODE_SYSTEM_RAM;
	}
	if (!after->nr && device.mode == DAX_MODE_SYSTEM_RAM &&
	    dax_device_blocks(session->sysfs, &device, &now) == 0)
		blocks_read(session->sysfs, &now);
	if (session->is_upstream)
		device.online_type[0] = '\0';
	json_object_array_add(session->devices,
			      json_device(&device, after->nr ? after : &now, session->human));
}

/* The plan was carried out: says what came of it. */
static int print_outcome(const struct session *session, const struct plan *plan,
			 const struct outcome *outcome)
{
	const char *name = plan->device->name;
	char unlike[200];

	if (outcome->way)
		fprintf(stderr, "%s: without a policy of its own: %s\n", name, outcome->way);
	if (!session->words->shows_devices)
		json_object_array_add(session->devices, NULL); /* it is counted */
	else if (plan->nr_steps)
		add_to_output(session, plan, &outcome->after);
	else
		add_to_output(session, plan, &plan->before); /* nothing has changed */
	if (!outcome->unlike)
		return 0;
	blocks_describe_unlike(&outcome->after, plan->expected, unlike, sizeof(unlike));
	fprintf(stderr, "%s: error: %s\n", name, unlike);
	fprintf(stderr,
		"%s: it stays bound; see the kernel log (dmesg) and whether a udev rule changes "
		"memory blocks, then use --force to hot-add it again\n",
		name);
	return STATUS_UNVERIFIED;
}

/* Is it none of those that "all" means? */
static bool passes_over(const struct session *session, const struct dax_device *device)
{
	/* A seed: the region's next device, not one yet. */
	if (device->size == 0)
		return true;
	return session->request.set_memory && !session->request.to_system_ram &&
	       device->mode != DAX_MODE_SYSTEM_RAM;
}

/* Returns 0, an exit status or a negative errno. */
static int reconfigure_locked(const struct session *session, const char *name)
{
	__attribute__((cleanup(situation_free))) struct situation situation = { 0 };
	_cleanup_outcome_ struct outcome outcome = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };
	struct problem problem = { 0 };
	int rc;

	rc = read_situation(session, name, &situation, &problem);
	if (rc == 0 && session->all && passes_over(session, &situation.device))
		return 0;
	if (rc == 0)
		rc = plan_make(&plan, &session->request, &situation.device, &situation.blocks,
			       &situation.environment, &problem);
	if (rc < 0) {
		print_problem(name, "error", &problem);
		return rc;
	}
	if (plan.note[0])
		fprintf(stderr, "%s%s: %s\n", plan.is_warning ? "warning: " : "", name, plan.note);
	if (plan.nr_steps == 0 && session->words->status_if_done)
		return session->words->status_if_done;
	rc = plan_execute(&session->executor, &plan, &outcome);
	if (rc < 0) {
		print_problem(name, "error", &outcome.problem);
		print_rollback(session, name, &outcome.rollback);
		return rc;
	}
	return session->executor.dry_run ? 0 : print_outcome(session, &plan, &outcome);
}

/* Another daxctl of this kind waits until the device is in one mode or the other. */
int session_lock(const struct sysfs *sysfs, const char *name, int *fd)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	int rc;

	for (int attempt = 0; attempt < 10; attempt++) {
		rc = dax_lock(sysfs, false, fd);
		if (rc != -EWOULDBLOCK || session_is_interrupted())
			return rc == -EWOULDBLOCK ? -EINTR : rc;
		nanosleep(&moment, NULL);
	}
	fprintf(stderr, "%s: waiting for another daxctl, which is changing a device\n", name);
	return dax_lock(sysfs, true, fd);
}

static int lock_or_say_why(const struct sysfs *sysfs, const char *name, int *fd)
{
	int rc = session_lock(sysfs, name, fd);

	if (rc < 0)
		fprintf(stderr, "%s: error: cannot lock the dax bus: %s\n", name, strerror(-rc));
	if (rc == -EACCES)
		fprintf(stderr, "%s: run this as root\n", name);
	return rc;
}

static int reconfigure(const struct session *session, const char *name)
{
	_cleanup_close_ int lock = -1;
	int rc = 0;

	if (!session->executor.dry_run && !session->is_locked)
		rc = lock_or_say_why(session->sysfs, name, &lock);
	return rc < 0 ? rc : reconfigure_locked(session, name);
}

/* A failure outweighs an unverified device, and the first failure the ones behind it. */
void session_note(struct session *session, int rc)
{
	if (session->result >= 0 && rc)
		session->result = rc;
}

void session_note_status(struct session *session, const char *name, int status)
{
	if (status < 0) {
		fprintf(stderr, "%s: error: %s was ended by signal %d (%s)\n", name,
			distribution_daxctl, -status, strsignal(-status));
		session_note(session, -EIO);
	} else if (status == STATUS_NOT_FOUND || status == STATUS_NOT_EXECUTABLE ||
		   status == STATUS_UNVERIFIED) {
		session_note(session, status);
	} else if (status) {
		/* Its statuses are errnos, but for those that are none. */
		session_note(session, status > STATUS_LIST_OPTS ? status - 256 : -EINVAL);
	}
}

int session_reconfigure(struct session *session, const char *name)
{
	int rc = reconfigure(session, name);

	session_note(session, rc);
	return rc;
}

void session_reconfigure_all(struct session *session, const struct dax_names *names)
{
	for (size_t i = 0; i < names->nr && !session_is_interrupted(); i++)
		session_reconfigure(session, names->name[i]);
}

bool session_is_interrupted(void)
{
	return signals_caught != 0;
}

int session_start(struct session *session, const struct session_words *words, bool human,
		  bool is_verbose, bool dry_run)
{
	*session = (struct session){
		.words = words,
		.sysfs = &sysfs_of_system,
		.executor = {
			.sysfs = &sysfs_of_system,
			.dry_run = dry_run,
			.load_module = module_load,
			.interrupted = &signals_caught,
			.report = print_step,
			.report_data = session,
			.progress = progress_show,
		},
		.devices = json_object_new_array(),
		.human = human,
		.is_verbose = is_verbose,
	};
	if (!session->devices)
		return -ENOMEM;
	signals_catch();
	return 0;
}

void session_count(struct session *session, size_t nr)
{
	json_object_array_del_idx(session->devices, 0, json_object_array_length(session->devices));
	while (nr--)
		json_object_array_add(session->devices, NULL);
}

void session_abandon(struct session *session)
{
	json_object_put(session->devices);
	signals_deliver();
}

int session_finish(struct session *session)
{
	size_t nr = json_object_array_length(session->devices);
	int status;

	if (nr && session->words->shows_devices)
		json_print_array(stdout, session->devices, session->human);
	json_object_put(session->devices);
	status = session->result < 0 ? status_of_errno(session->result) : session->result;
	status = finish_output(status);
	if (session->result < 0)
		fprintf(stderr, "error %s: %s\n", session->words->verbing,
			strerror(-session->result));
	if (session->executor.dry_run)
		fprintf(stderr, "dry run: nothing was changed\n");
	else
		fprintf(stderr, "%s %zu device%s\n", session->words->verbed, nr,
			nr == 1 ? "" : "s");
	signals_deliver();
	return status;
}
