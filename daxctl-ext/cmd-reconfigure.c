// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands.h"
#include "device.h"
#include "execute.h"
#include "forward.h"
#include "json.h"
#include "module.h"
#include "options.h"
#include "plan.h"
#include "select.h"
#include "signals.h"

enum {
	OPT_REGION,
	OPT_HUMAN,
	OPT_VERBOSE,
	OPT_SIZE,
	OPT_ALIGN,
	OPT_INPUT,
	OPT_MODE,
	OPT_NO_ONLINE,
	OPT_FORCE,
	OPT_CHECK_CONFIG,
	OPT_NO_MOVABLE,
	OPT_ONLINE_TYPE,
	OPT_MEMMAP,
	OPT_FALLBACK,
	OPT_DRY_RUN,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = { 'r', "region", OPTION_VALUE, "region-id", "filter by region", false },
	[OPT_HUMAN] = { 'u', "human", OPTION_FLAG, NULL, "use human friendly number formats",
			false },
	[OPT_VERBOSE] = { 'v', "verbose", OPTION_FLAG, NULL,
			  "emit more debug messages; name every step", false },
	[OPT_SIZE] = { 's', "size", OPTION_VALUE, "size", "size to switch the device to", false },
	[OPT_ALIGN] = { 'a', "align", OPTION_VALUE, "align", "alignment to switch the device to",
			false },
	[OPT_INPUT] = { 0, "input", OPTION_VALUE, "input", "input device JSON file", false },
	[OPT_MODE] = { 'm', "mode", OPTION_VALUE, "mode", "mode to switch the device to", false },
	[OPT_NO_ONLINE] = { 'N', "no-online", OPTION_FLAG, NULL,
			    "don't auto-online memory sections", false },
	[OPT_FORCE] = { 'f', "force", OPTION_FLAG, NULL,
			"attempt to offline memory sections before reconfiguration", false },
	[OPT_CHECK_CONFIG] = { 'C', "check-config", OPTION_FLAG, NULL,
			       "use config files to determine parameters for the operation",
			       false },
	[OPT_NO_MOVABLE] = { 0, "no-movable", OPTION_FLAG, NULL, "online memory in ZONE_NORMAL",
			     false },
	[OPT_ONLINE_TYPE] = { 0, "online-type", OPTION_VALUE, "type",
			      "policy for the memory: default, offline, online, online_kernel, "
			      "online_movable, unplugged",
			      true },
	[OPT_MEMMAP] = { 0, "memmap-on-memory", OPTION_OPTIONAL_VALUE, "on|off",
			 "keep the memory's own page structures on it", true },
	[OPT_FALLBACK] = { 0, "allow-fallback", OPTION_FLAG, NULL,
			   "without kernel support for a policy, do it after the bind", true },
	[OPT_DRY_RUN] = { 'n', "dry-run", OPTION_FLAG, NULL, "show the steps and take none", true },
};

/* One run of the command. */
struct session {
	struct sysfs sysfs;
	struct executor executor;
	struct request request;
	struct json_object *devices; /* that were reconfigured */
	bool human;
	bool is_verbose;
	bool all; /* any device that there is, not these very ones */
};

void usage_reconfigure_device(void)
{
	options_usage(stderr, "daxctl reconfigure-device <device> [<options>]", specs, NR_OPTIONS);
}

static int usage_error(const char *message)
{
	fprintf(stderr, "%s\n", message);
	usage_reconfigure_device();
	return STATUS_USAGE;
}

static int out_of_memory(void)
{
	fprintf(stderr, "daxctl: out of memory\n");
	return status_of_errno(-ENOMEM);
}

/* The distribution's names, of whatever version it is, and ours. */
static int list_names(char **argv)
{
	_cleanup_free_ char *names = NULL;
	size_t length;
	int status = forward_and_capture(argv, &names, &length);

	if (status != STATUS_LIST_OPTS)
		return status;
	fwrite(names, 1, length, stdout);
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (specs[i].is_ours)
			printf("--%s ", specs[i].long_name);
	}
	return status;
}

static bool is_set(const struct command_line *line, size_t option)
{
	return line->option[option].is_set;
}

static bool mode_is(const struct command_line *line, const char *mode)
{
	return is_set(line, OPT_MODE) && strcmp(line->option[OPT_MODE].value, mode) == 0;
}

static int read_targets(const struct command_line *line, struct dax_targets *targets,
			const char **wrong)
{
	return dax_targets_read(targets, line->argument, line->nr_arguments,
				line->option[OPT_REGION].value, wrong);
}

/* --- what is asked for ---------------------------------------------------- */

/* What cannot go together with our options, and why. NULL when all is well. */
static const char *find_conflict(const struct command_line *line)
{
	bool has_policy = is_set(line, OPT_ONLINE_TYPE);

	if (is_set(line, OPT_CHECK_CONFIG))
		return "error: --check-config takes everything from the config files; "
		       "--online-type and its companions do not go with it";
	if (!has_policy && !is_set(line, OPT_MEMMAP))
		return "error: --allow-fallback and --dry-run need --online-type or "
		       "--memmap-on-memory";
	if (is_set(line, OPT_MODE) && !mode_is(line, "system-ram"))
		return "error: a policy for the memory is only of use with --mode=system-ram, or "
		       "without --mode to set it for the next time";
	if (is_set(line, OPT_NO_ONLINE))
		return "error: --no-online contradicts --online-type; to keep the memory offline, "
		       "use --online-type=offline";
	if (is_set(line, OPT_NO_MOVABLE))
		return "error: --no-movable contradicts --online-type; to use a kernel zone, use "
		       "--online-type=online_kernel";
	if (is_set(line, OPT_SIZE) || is_set(line, OPT_ALIGN) || is_set(line, OPT_INPUT))
		return "error: --size, --align and --input cannot be combined with a policy; "
		       "change the size first";
	if (is_set(line, OPT_FALLBACK) && !has_policy)
		return "error: --allow-fallback needs --online-type";
	if (line->nr_arguments == 0)
		return "specify a device to reconfigure, or \"all\"";
	return NULL;
}

static int read_request(const struct command_line *line, struct request *request)
{
	const struct option_value *memmap = &line->option[OPT_MEMMAP];
	const char *conflict = find_conflict(line);
	char message[200];

	if (conflict)
		return usage_error(conflict);
	*request = (struct request){
		.set_policy = is_set(line, OPT_ONLINE_TYPE),
		.to_system_ram = is_set(line, OPT_MODE),
		.force = is_set(line, OPT_FORCE),
		.allow_fallback = is_set(line, OPT_FALLBACK),
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	if (request->set_policy &&
	    policy_from_user(line->option[OPT_ONLINE_TYPE].value, &request->policy) < 0) {
		snprintf(message, sizeof(message),
			 "error: unknown online type '%.40s'; it is one of %s",
			 line->option[OPT_ONLINE_TYPE].value, policy_names);
		return usage_error(message);
	}
	if (!memmap->is_set)
		return 0;
	if (!memmap->value || strcmp(memmap->value, "on") == 0)
		request->memmap_on_memory = MEMMAP_ON;
	else if (strcmp(memmap->value, "off") == 0)
		request->memmap_on_memory = MEMMAP_OFF;
	else
		return usage_error("error: --memmap-on-memory is on or off");
	return 0;
}

/* --- one device ----------------------------------------------------------- */

static void print_problem(const char *device, const char *what, const struct problem *problem)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, problem->text);
	if (problem->advice[0])
		fprintf(stderr, "%s: %s\n", device, problem->advice);
}

/* Steps of a dry run have no result yet. */
static void print_step(void *data, const char *device, const char *what, int rc)
{
	const struct session *session = data;

	if (session->executor.dry_run)
		fprintf(stderr, "%s: %s\n", device, what);
	else if (session->is_verbose)
		fprintf(stderr, "%s: %s: %s\n", device, what, rc < 0 ? strerror(-rc) : "done");
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

static int read_blocks(const struct sysfs *sysfs, const struct dax_device *device,
		       struct blocks *blocks)
{
	uint64_t block_size;
	int rc = blocks_read_size(sysfs, &block_size);

	if (rc == 0)
		rc = blocks_from_ranges(blocks, device->range, device->nr_ranges, block_size);
	return rc;
}

static int read_environment(const struct sysfs *sysfs, struct environment *environment)
{
	char text[POLICY_TEXT_SIZE];
	int rc = sysfs_read(sysfs, text, sizeof(text), "devices/system/memory/auto_online_blocks");

	if (rc < 0)
		return rc;
	environment->kmem_is_loaded = sysfs_exists(sysfs, DAX_DRIVERS "/kmem");
	return policy_from_kernel(text, &environment->system_default);
}

/* What only matters for system-ram is left out if it is not asked for. */
static int read_situation(const struct session *session, const char *name,
			  struct situation *situation, struct problem *problem)
{
	const struct sysfs *sysfs = &session->sysfs;
	int rc = dax_device_read(sysfs, name, &situation->device);

	if (rc < 0)
		return problem_set(problem, rc, NULL, "cannot read its attributes: %s",
				   strerror(-rc));
	if (!session->request.to_system_ram)
		return 0;
	if (situation->device.size && !situation->device.nr_ranges)
		return problem_set(problem, -EACCES, "run this as root",
				   "cannot read where its memory is: %s", strerror(EACCES));
	rc = read_environment(sysfs, &situation->environment);
	if (rc == 0)
		rc = read_blocks(sysfs, &situation->device, &situation->blocks);
	if (rc < 0)
		return problem_set(problem, rc,
				   "use a kernel with memory hotplug (CONFIG_MEMORY_HOTPLUG)",
				   "cannot read the system's memory blocks: %s", strerror(-rc));
	if (situation->device.mode == DAX_MODE_SYSTEM_RAM)
		blocks_read(sysfs, &situation->blocks);
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

	if (dax_device_read(&session->sysfs, name, &device) == 0)
		describe_device(&device, text, sizeof(text));
	if (rollback->err)
		print_problem(name, "could not take everything back", rollback);
	fprintf(stderr, "%s: its mode is %s: %s\n", name, rollback->err ? "now" : "as before",
		text);
}

/* Adds the device as it is now, or if that cannot be read, as the plan has made it. */
static void add_to_output(const struct session *session, const struct plan *plan,
			  const struct blocks *after)
{
	_cleanup_device_ struct dax_device device;
	_cleanup_blocks_ struct blocks now = { 0 };
	const char *name = plan->device->name;
	int rc = dax_device_read(&session->sysfs, name, &device);

	if (rc < 0) {
		fprintf(stderr, "%s: done, but now it cannot be read: %s\n", name, strerror(-rc));
		if (session->request.to_system_ram)
			device.mode = DAX_MODE_SYSTEM_RAM;
	}
	if (!after->nr && device.mode == DAX_MODE_SYSTEM_RAM &&
	    read_blocks(&session->sysfs, &device, &now) == 0)
		blocks_read(&session->sysfs, &now);
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
	add_to_output(session, plan, outcome->after.nr ? &outcome->after : &plan->before);
	if (!outcome->unlike)
		return 0;
	blocks_describe_unlike(&outcome->after, plan->expected, unlike, sizeof(unlike));
	fprintf(stderr, "%s: %s\n", name, unlike);
	fprintf(stderr,
		"%s: it stays bound; see the kernel log (dmesg) and whether a udev rule changes "
		"memory blocks, then use --force to plug it in again\n",
		name);
	return STATUS_UNVERIFIED;
}

/* Returns 0, STATUS_UNVERIFIED or a negative errno. */
static int reconfigure_locked(const struct session *session, const char *name)
{
	__attribute__((cleanup(situation_free))) struct situation situation = { 0 };
	_cleanup_outcome_ struct outcome outcome = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };
	struct problem problem = { 0 };
	int rc;

	rc = read_situation(session, name, &situation, &problem);
	if (rc == 0 && session->all && situation.device.size == 0)
		return 0; /* a seed: the region's next device, not one yet */
	if (rc == 0)
		rc = plan_make(&plan, &session->request, &situation.device, &situation.blocks,
			       &situation.environment, &problem);
	if (rc < 0) {
		print_problem(name, "error", &problem);
		return rc;
	}
	if (plan.note[0])
		fprintf(stderr, "%s: %s\n", name, plan.note);
	rc = plan_execute(&session->executor, &plan, &outcome);
	if (rc < 0) {
		print_problem(name, "error", &outcome.problem);
		print_rollback(session, name, &outcome.rollback);
		return rc;
	}
	return session->executor.dry_run ? 0 : print_outcome(session, &plan, &outcome);
}

/* Another daxctl of this kind waits until the device is in one mode or the other. */
static int reconfigure(const struct session *session, const char *name)
{
	_cleanup_close_ int lock = -1;

	if (!session->executor.dry_run) {
		lock = sysfs_lock(&session->sysfs, DAX_DEVICES);
		if (lock < 0) {
			fprintf(stderr, "%s: error: cannot lock the dax bus: %s\n", name,
				strerror(-lock));
			return lock;
		}
	}
	return reconfigure_locked(session, name);
}

/* --- all of them ---------------------------------------------------------- */

/* A failure outweighs an unverified device, and the first failure the ones behind it. */
static int worse(int so_far, int rc)
{
	if (so_far < 0)
		return so_far;
	return rc ? rc : so_far;
}

static int finish(const struct session *session, int rc)
{
	size_t nr = json_object_array_length(session->devices);

	if (nr)
		json_print_array(stdout, session->devices, session->human);
	if (fflush(stdout) != 0)
		rc = worse(rc, -EIO);
	if (rc < 0)
		fprintf(stderr, "error reconfiguring devices: %s\n", strerror(-rc));
	if (!session->executor.dry_run)
		fprintf(stderr, "reconfigured %zu device%s\n", nr, nr == 1 ? "" : "s");
	return rc < 0 ? status_of_errno(rc) : rc;
}

static int reconfigure_all(struct session *session, const struct dax_targets *targets)
{
	_cleanup_names_ struct dax_names names = { 0 };
	int rc, status;

	session->devices = json_object_new_array();
	rc = session->devices ? dax_select(&names, targets) : -ENOMEM;
	if (rc == 0 && names.nr == 0)
		rc = -ENXIO;
	session->all = dax_targets_are_all(targets);
	signals_catch();
	for (size_t i = 0; i < names.nr && !signals_caught; i++)
		rc = worse(rc, reconfigure(session, names.name[i]));
	status = finish(session, rc);
	json_object_put(session->devices);
	signals_deliver();
	return status;
}

static int reconfigure_with_policy(const struct command_line *line)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	struct session session = {
		.sysfs = { .root = "/sys" },
		.human = is_set(line, OPT_HUMAN),
		.is_verbose = is_set(line, OPT_VERBOSE),
	};
	const char *wrong = NULL;
	char message[100];
	int rc, status;

	if (line->error[0]) {
		fprintf(stderr, "  Error: %s\n", line->error);
		usage_reconfigure_device();
		return STATUS_USAGE;
	}
	status = read_request(line, &session.request);
	if (status)
		return status;
	rc = read_targets(line, &targets, &wrong);
	if (rc == -ENOMEM)
		return out_of_memory();
	if (rc < 0) {
		snprintf(message, sizeof(message),
			 "error: '%.40s' is not the name of a dax device, such as dax0.0", wrong);
		return usage_error(message);
	}
	session.executor = (struct executor){
		.sysfs = &session.sysfs,
		.dry_run = is_set(line, OPT_DRY_RUN),
		.load_module = module_load,
		.interrupted = &signals_caught,
		.report = print_step,
		.report_data = &session,
	};
	return reconfigure_all(&session, &targets);
}

/* --- without our options --------------------------------------------------- */

/* -N promises that the memory stays offline; a policy of the device would break that. */
static bool contradicts_no_online(const struct sysfs *sysfs, const char *name)
{
	char text[POLICY_TEXT_SIZE];
	enum policy policy;

	if (sysfs_read(sysfs, text, sizeof(text), DAX_DEVICES "/%s/online_type", name) < 0 ||
	    policy_from_kernel(text, &policy) < 0 || !policy_is_online(policy))
		return false;
	fprintf(stderr, "%s: error: its policy '%s' will auto-online memory, aborting\n", name,
		text);
	return true;
}

static int check_no_online(const struct sysfs *sysfs, const struct dax_names *names)
{
	int rc = 0;

	for (size_t i = 0; i < names->nr; i++) {
		if (contradicts_no_online(sysfs, names->name[i]))
			rc = -EBUSY;
	}
	return rc;
}

/*
 * A device that kmem holds without memory is beyond the distribution's daxctl.
 * Without its driver it is not.
 */
static int unbind_unplugged(const struct sysfs *sysfs, const struct dax_names *names)
{
	_cleanup_close_ int lock = sysfs_lock(sysfs, DAX_DEVICES);
	char state[POLICY_TEXT_SIZE];
	int rc;

	if (lock < 0)
		return lock;
	for (size_t i = 0; i < names->nr; i++) {
		const char *name = names->name[i];

		if (sysfs_read(sysfs, state, sizeof(state), DAX_DEVICES "/%s/state", name) < 0 ||
		    strcmp(state, "unplugged") != 0)
			continue;
		rc = sysfs_write(sysfs, name, DAX_DRIVERS "/kmem/unbind");
		if (rc < 0) {
			fprintf(stderr, "%s: error: cannot unbind it from kmem: %s\n", name,
				strerror(-rc));
			return rc;
		}
	}
	return 0;
}

/* What must be looked at before the distribution's daxctl gets the same command line. */
static int prepare(const struct command_line *line)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	const struct sysfs sysfs = { .root = "/sys" };
	const char *wrong;
	bool is_plain = !is_set(line, OPT_SIZE) && !is_set(line, OPT_ALIGN) &&
			!is_set(line, OPT_INPUT) && !is_set(line, OPT_CHECK_CONFIG);
	bool keeps_offline = mode_is(line, "system-ram") && is_set(line, OPT_NO_ONLINE) &&
			     !is_set(line, OPT_FORCE);
	bool leaves = (mode_is(line, "devdax") || mode_is(line, "famfs")) &&
		      !is_set(line, OPT_NO_ONLINE) && !is_set(line, OPT_NO_MOVABLE);

	if (line->error[0] || !is_plain || !(keeps_offline || leaves) ||
	    read_targets(line, &targets, &wrong) < 0 || dax_select(&names, &targets) < 0)
		return 0;
	return keeps_offline ? check_no_online(&sysfs, &names) : unbind_unplugged(&sysfs, &names);
}

int cmd_reconfigure_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	int rc = options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2);

	if (rc == -ENOMEM)
		return out_of_memory();
	if (line.lists_names && !line.error[0])
		return list_names(argv);
	if (line.wants_help && !line.error[0]) {
		usage_reconfigure_device();
		return STATUS_USAGE;
	}
	if (line.has_ours)
		return reconfigure_with_policy(&line);
	rc = prepare(&line);
	if (rc < 0) {
		fprintf(stderr, "error reconfiguring devices: %s\nreconfigured 0 devices\n",
			strerror(-rc));
		return status_of_errno(rc);
	}
	return forward(argv);
}
