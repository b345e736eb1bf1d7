// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/check-config.h"
#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "device/device.h"
#include "upstream/forward.h"
#include "commands/options.h"
#include "commands/save.h"
#include "device/select.h"
#include "commands/session.h"
#include "plan/shield.h"

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
	OPT_SAVE,
	OPT_FORGET,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = SPEC_REGION,
	[OPT_HUMAN] = SPEC_HUMAN,
	[OPT_VERBOSE] = SPEC_VERBOSE,
	[OPT_SIZE] = SPEC_SIZE,
	[OPT_ALIGN] = SPEC_ALIGN,
	[OPT_INPUT] = SPEC_INPUT,
	[OPT_MODE] = SPEC_MODE,
	[OPT_NO_ONLINE] = SPEC_NO_ONLINE,
	[OPT_FORCE] = SPEC_FORCE,
	[OPT_CHECK_CONFIG] = SPEC_CHECK_CONFIG,
	[OPT_NO_MOVABLE] = SPEC_NO_MOVABLE,
	[OPT_ONLINE_TYPE] = SPEC_ONLINE_TYPE,
	[OPT_MEMMAP] = { 0, "memmap-on-memory", OPTION_OPTIONAL_VALUE, "on|off",
			 "keep the memory's own memmap (its struct pages) on it", true },
	[OPT_FALLBACK] = { 0, "allow-fallback", OPTION_FLAG, NULL,
			   "without kernel support for a policy, do it after the bind", true },
	[OPT_DRY_RUN] = { 'n', "dry-run", OPTION_FLAG, NULL, "show the steps and take none", true },
	[OPT_SAVE] = { 0, "save", OPTION_FLAG, NULL,
		       "then write it to the config files, for after the next boot", true },
	[OPT_FORGET] = { 0, "forget", OPTION_FLAG, NULL,
			 "remove what --save wrote, and leave the device as it is", true },
};

void usage_reconfigure_device(void)
{
	options_usage(stderr, "daxctl reconfigure-device <device> [<options>]", specs, NR_OPTIONS);
}

static const char command[] = "reconfigure-device";

static bool is_set(const struct command_line *line, size_t option)
{
	return line->option[option].is_set;
}

static bool mode_is(const struct command_line *line, const char *mode)
{
	return is_set(line, OPT_MODE) && strcmp(line->option[OPT_MODE].value, mode) == 0;
}

static bool resizes(const struct command_line *line)
{
	return is_set(line, OPT_SIZE) || is_set(line, OPT_ALIGN) || is_set(line, OPT_INPUT);
}

static int read_targets(const struct command_line *line, struct dax_targets *targets,
			const char **wrong)
{
	return dax_targets_read(targets, line->argument, line->nr_arguments,
				line->option[OPT_REGION].value, wrong);
}

/* The driver of the mode that is asked for, if that is no system-ram; or NULL. */
static const char *driver_asked_for(const struct command_line *line)
{
	if (mode_is(line, dax_mode_name(DAX_MODE_DEVDAX)))
		return dax_mode_driver(DAX_MODE_DEVDAX);
	if (mode_is(line, dax_mode_name(DAX_MODE_FAMFS)))
		return dax_mode_driver(DAX_MODE_FAMFS);
	return NULL;
}

/* --- what is asked for ---------------------------------------------------- */

/* What cannot go together with our options, and why. NULL when all is well. */
static const char *find_conflict(const struct command_line *line)
{
	bool has_policy = is_set(line, OPT_ONLINE_TYPE);

	if (line->nr_arguments == 0)
		return "specify a device to reconfigure, or \"all\"";
	if (is_set(line, OPT_SAVE) && is_set(line, OPT_FALLBACK))
		return "--save and --allow-fallback do not go together: at boot, the policy "
		       "needs a kernel that has it";
	if (is_set(line, OPT_CHECK_CONFIG))
		return "--check-config takes the policy and the mode from the config files; "
		       "they cannot be given besides it";
	if (!has_policy && !is_set(line, OPT_MEMMAP) && !is_set(line, OPT_FALLBACK) &&
	    !is_set(line, OPT_DRY_RUN) && !is_set(line, OPT_SAVE))
		return "--online-type, --memmap-on-memory, --allow-fallback or --dry-run "
		       "was cancelled by its --no- form, and none of them is left; leave it out";
	if (!has_policy && is_set(line, OPT_SAVE))
		return "--save needs --online-type";
	if (!has_policy && !is_set(line, OPT_MEMMAP) &&
	    (is_set(line, OPT_FALLBACK) || !driver_asked_for(line)))
		return "--allow-fallback and --dry-run need --online-type or "
		       "--memmap-on-memory; --dry-run also goes with --mode=devdax or famfs";
	if ((has_policy || is_set(line, OPT_MEMMAP)) && is_set(line, OPT_MODE) &&
	    !mode_is(line, "system-ram"))
		return "a policy for the memory is only of use with --mode=system-ram, or "
		       "without --mode to set it for the next time";
	if (is_set(line, OPT_NO_ONLINE))
		return "--no-online contradicts --online-type; to keep the memory offline, "
		       "use --online-type=offline";
	if (is_set(line, OPT_NO_MOVABLE))
		return "--no-movable contradicts --online-type; to use a kernel zone, use "
		       "--online-type=online_kernel";
	if (resizes(line))
		return "--size, --align and --input cannot be combined with a policy; "
		       "change the size first";
	if (is_set(line, OPT_FALLBACK) && !has_policy)
		return "--allow-fallback needs --online-type";
	return NULL;
}

static int read_request(const struct command_line *line, struct request *request)
{
	const struct option_value *memmap = &line->option[OPT_MEMMAP];
	const char *conflict = find_conflict(line);

	if (conflict)
		return wrong_usage(command, "%s", conflict);
	*request = (struct request){
		.set_policy = is_set(line, OPT_ONLINE_TYPE),
		.to_driver = driver_asked_for(line),
		.to_system_ram = mode_is(line, "system-ram"),
		.force = is_set(line, OPT_FORCE),
		.spares_users = true,
		.allow_fallback = is_set(line, OPT_FALLBACK),
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	if (request->set_policy &&
	    policy_from_user(line->option[OPT_ONLINE_TYPE].value, &request->policy) < 0) {
		return wrong_usage(command, "unknown online type '%.40s'; it is one of %s",
				   line->option[OPT_ONLINE_TYPE].value, policy_names);
	}
	if (!memmap->is_set)
		return 0;
	if (!memmap->value || strcmp(memmap->value, "on") == 0)
		request->memmap_on_memory = MEMMAP_ON;
	else if (strcmp(memmap->value, "off") == 0)
		request->memmap_on_memory = MEMMAP_OFF;
	else
		return wrong_usage(command, "--memmap-on-memory is on or off");
	return 0;
}

/* It changes no device. */
static int check_forget(const struct command_line *line)
{
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (is_set(line, i) && i != OPT_FORGET && i != OPT_DRY_RUN && i != OPT_REGION &&
		    i != OPT_VERBOSE && i != OPT_HUMAN)
			return wrong_usage(command,
					   "--forget goes with --dry-run and --region only");
	}
	return line->nr_arguments ? 0
				  : wrong_usage(command, "specify a device to forget, or \"all\"");
}

static int reconfigure_all(const struct command_line *line, const struct request *request,
			   const struct dax_targets *targets)
{
	_cleanup_names_ struct dax_names names = { 0 };
	_cleanup_save_ struct save save = { 0 };
	struct session session;
	int rc;

	if (is_set(line, OPT_SAVE)) {
		rc = save_start(&save, request, is_set(line, OPT_DRY_RUN));
		if (rc < 0)
			return none_reconfigured(rc);
	}
	if (session_start(&session, &words_reconfigure, is_set(line, OPT_HUMAN),
			  is_set(line, OPT_VERBOSE), is_set(line, OPT_DRY_RUN)) < 0)
		return out_of_memory();
	session.request = *request;
	session.is_upstream = !line->has_ours;
	session.all = dax_targets_are_all(targets);
	rc = dax_select(&names, targets);
	session_note(&session, rc == 0 ? report_missing(targets, &names) : rc);
	for (size_t i = 0; i < names.nr && !session_is_interrupted(); i++)
		save_and_reconfigure(&save, &session, names.name[i]);
	return session_finish(&session);
}

static int reconfigure_with_policy(const struct command_line *line)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	struct request request;
	const char *wrong;
	int rc, status;

	if (line->error[0])
		return wrong_usage(command, "%s", line->error);
	if (is_set(line, OPT_ONLINE_TYPE) &&
	    strcmp(line->option[OPT_ONLINE_TYPE].value, "help") == 0)
		return list_policies();
	status = is_set(line, OPT_FORGET) ? check_forget(line) : read_request(line, &request);
	if (status)
		return status;
	rc = read_targets(line, &targets, &wrong);
	if (rc == -ENOMEM)
		return out_of_memory();
	if (rc < 0)
		return wrong_target(command, &targets, wrong);
	return is_set(line, OPT_FORGET) ? forget(&targets, is_set(line, OPT_DRY_RUN))
					: reconfigure_all(line, &request, &targets);
}

/* --- --check-config -------------------------------------------------------- */

/* Nothing that the config files are there to say instead. */
static bool is_config_line(const struct command_line *line)
{
	return is_set(line, OPT_CHECK_CONFIG) && !line->error[0] && line->nr_arguments &&
	       !is_set(line, OPT_ONLINE_TYPE) && !is_set(line, OPT_MEMMAP) &&
	       !is_set(line, OPT_MODE) && !is_set(line, OPT_NO_ONLINE) &&
	       !is_set(line, OPT_NO_MOVABLE) && !is_set(line, OPT_SAVE) &&
	       !is_set(line, OPT_FORGET) && !(line->has_ours && resizes(line));
}

/* Upstream binds a device by new_id here, too, if a section is about it. */
static int forward_config_line(const struct command_line *line, char **argv)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };

	if (line->error[0] || line->nr_arguments != 1)
		return forward_and_forget_ids(argv);
	if (dax_select_as_upstream(&targets, &names, line->argument[0],
				   line->option[OPT_REGION].value) < 0)
		return out_of_memory();
	return check_config_may_match(&names) ? forward_shielded(argv, &names)
					      : forward_and_forget_ids(argv);
}

/* As check_config(): negative if it is upstream's. */
static int follow_config(const struct command_line *line, int argc, char **argv)
{
	const struct check_config_options options = {
		.human = is_set(line, OPT_HUMAN),
		.is_verbose = is_set(line, OPT_VERBOSE),
		.force = is_set(line, OPT_FORCE),
		.allow_fallback = is_set(line, OPT_FALLBACK),
		.dry_run = is_set(line, OPT_DRY_RUN),
		.resizes = resizes(line),
	};
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_free_ char **words = NULL;
	const char *wrong;
	int rc = read_targets(line, &targets, &wrong), status;

	if (rc == -ENOMEM)
		return out_of_memory();
	if (rc < 0 && line->has_ours)
		return wrong_target(command, &targets, wrong);
	/* Upstream knows more names, but none that our sections could mean. */
	if (rc < 0 && wrong != targets.regions)
		return -1;
	/* It takes the first region, too, and looks at nothing behind the number. */
	targets.is_upstream = rc < 0;
	status = check_config(&options, &targets);
	if (status >= 0 || !line->has_ours)
		return status;
	if (options.dry_run) {
		fprintf(stderr, "daxctl: leave it to %s\n", distribution_daxctl);
		return 0;
	}
	/* It does not know these options; and there is nothing for them to do. */
	words = options_without_ours(line, argc, argv);
	return words ? forward_config_line(line, words) : out_of_memory();
}

/* --- without our options --------------------------------------------------- */

/*
 * To devdax or famfs mode. Upstream daxctl takes a device's memory for one span from
 * its first address on: with two ranges it offlines a neighbour's blocks, and unbinds the
 * device with memory online, which is lost then. What it writes to new_id binds every
 * device that no driver holds. And it does not know famfs before version 85.
 */
static int change_driver(const struct command_line *line, const struct dax_targets *targets)
{
	const struct request request = {
		.to_driver = driver_asked_for(line),
		.force = is_set(line, OPT_FORCE),
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};

	return reconfigure_all(line, &request, targets);
}

/*
 * Upstream's way to system-ram: bind it, then online what did not come online by that, unless
 * --no-online was given.
 */
static int bind_and_online(const struct command_line *line, const struct dax_targets *targets)
{
	const struct request request = {
		.to_system_ram = true,
		.set_memory = !is_set(line, OPT_NO_ONLINE),
		.policy =
			is_set(line, OPT_NO_MOVABLE) ? POLICY_ONLINE_KERNEL : POLICY_ONLINE_MOVABLE,
		.force = is_set(line, OPT_FORCE),
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};

	return reconfigure_all(line, &request, targets);
}

static int enter_system_ram(const struct command_line *line, const struct dax_targets *targets,
			    const struct dax_names *names, char **argv)
{
	const struct sysfs *sysfs = &sysfs_of_system;
	bool keeps_offline = is_set(line, OPT_NO_ONLINE), force = is_set(line, OPT_FORCE);
	bool is_upstreams = shield_suffices(sysfs, names);
	int rc = 0;

	if (keeps_offline && !force)
		rc = check_no_online(sysfs, names);
	if (rc == 0 && !is_upstreams && !force && (keeps_offline || !is_set(line, OPT_NO_MOVABLE)))
		rc = check_auto_online(sysfs, names);
	if (rc < 0)
		return none_reconfigured(rc);
	return is_upstreams ? forward_shielded(argv, names) : bind_and_online(line, targets);
}

/* Does what upstream daxctl would do, by its own means where those would lose memory. */
static int do_as_upstream(const struct command_line *line, char **argv)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	/* With --no-online, it refuses to leave system-ram mode. */
	bool leaves = driver_asked_for(line) && !is_set(line, OPT_NO_ONLINE);
	bool enters = mode_is(line, dax_mode_name(DAX_MODE_SYSTEM_RAM));

	if (is_set(line, OPT_CHECK_CONFIG))
		return forward_config_line(line, argv);
	if (line->error[0] || line->nr_arguments != 1 || resizes(line) || !(enters || leaves))
		return forward_and_forget_ids(argv);
	if (dax_select_as_upstream(&targets, &names, line->argument[0],
				   line->option[OPT_REGION].value) < 0)
		return out_of_memory();
	if (!names.nr)
		return forward(argv);
	if (enters)
		return enter_system_ram(line, &targets, &names, argv);
	return mode_is(line, dax_mode_name(DAX_MODE_DEVDAX)) &&
			       dax_names_all(&sysfs_of_system, &names, DAX_MODE_DEVDAX)
		       ? forward(argv)
		       : change_driver(line, &targets);
}

int cmd_reconfigure_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	int rc = options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2);

	if (rc == -ENOMEM)
		return out_of_memory();
	if (line.lists_names && !line.error[0])
		return list_option_names(argv, specs, NR_OPTIONS);
	if (line.wants_help && !line.error[0])
		return show_help(&line, command, usage_reconfigure_device);
	if (is_config_line(&line)) {
		int status = follow_config(&line, argc, argv);

		if (status >= 0)
			return status;
	}
	return line.has_ours ? reconfigure_with_policy(&line) : do_as_upstream(&line, argv);
}
