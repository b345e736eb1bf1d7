// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "commands/options.h"
#include "commands/sections.h"
#include "commands/status-missing.h"
#include "commands/status-output.h"
#include "commands/status.h"
#include "config/config.h"
#include "device/device.h"
#include "device/select.h"
#include "plan/drift.h"
#include "upstream/forward.h"

enum {
	OPT_JSON,
	OPT_VERSION,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_JSON] = { 0, "json", OPTION_FLAG, NULL, "print a JSON array instead of a table",
		       true },
	[OPT_VERSION] = { 0, "version", OPTION_FLAG, NULL,
			  "print the version of this extension, and do nothing else", true },
};

void usage_status(void)
{
	options_usage(stderr, "daxctl status [<device>...] [--json]", specs, NR_OPTIONS);
}

struct status {
	struct config config;
	bool config_is_known;
	bool has_missing; /* what belongs to no device is amiss */
	bool with_seeds;  /* devices without a size are shown too */
	struct status_entry *entry;
	size_t nr;
	int result; /* 0, or the first error: a negative errno */
};

static void note(struct status *status, int rc)
{
	if (status->result == 0)
		status->result = rc;
}

/* --- looking ---------------------------------------------------------------- */

static void read_configuration(struct status *status)
{
	struct problem problem = { 0 };
	int rc = sections_read(&status->config, &problem);

	status->config_is_known = rc == 0;
	if (rc == 0)
		return;
	fprintf(stderr, "daxctl: error: %s\n", problem.text);
	note(status, rc);
}

/* What the section says about memory, in its own keys or in upstream's. */
static enum policy wanted_memory(const struct config_section *section)
{
	if (section->has_policy)
		return section->policy;
	if (section->has_online && !section->online)
		return POLICY_OFFLINE;
	if (section->has_movable)
		return section->movable ? POLICY_ONLINE_MOVABLE : POLICY_ONLINE_KERNEL;
	return section->has_online ? POLICY_ONLINE : POLICY_DEFAULT;
}

static void name_section(struct status_entry *entry)
{
	const struct config_section *section = entry->section;
	const char *slash = strrchr(section->file, '/');

	if (section->name[0])
		snprintf(entry->section_name, sizeof(entry->section_name), "%s", section->name);
	else
		snprintf(entry->section_name, sizeof(entry->section_name), "%s:%u",
			 slash ? slash + 1 : section->file, section->line);
}

static void compare(struct status_entry *entry)
{
	const struct config_section *section = entry->section;
	struct wish wish;

	if (section) {
		name_section(entry);
		wish = (struct wish){
			.section = entry->section_name,
			.mode = status_wanted_mode(section),
			.has_policy = section->has_policy,
			.policy = section->policy,
			.has_memmap = section->has_memmap,
			.memmap_on_memory = section->memmap_on_memory,
			.memory = wanted_memory(section),
		};
	}
	drift_find(&entry->drift, &entry->device, &entry->blocks, section ? &wish : NULL);
}

/* Without privilege, neither the memory nor what a section's dax.resource means is told. */
static int read_memory(struct status_entry *entry)
{
	const struct dax_device *device = &entry->device;
	int rc;

	if (dax_device_hides_ranges(device))
		return -EACCES;
	if (device->mode != DAX_MODE_SYSTEM_RAM)
		return 0;
	rc = dax_device_blocks(&sysfs_of_system, device, &entry->blocks);
	if (rc == 0)
		blocks_read(&sysfs_of_system, &entry->blocks);
	return rc;
}

/* A section that could mean several devices is about none; sections_find() says so. */
static void find_section(struct status *status, struct status_entry *entry)
{
	entry->section = sections_find(&status->config, &sysfs_of_system, &entry->device);
	if (!sections_are_ambiguous(&status->config, &sysfs_of_system, &entry->device))
		return;
	entry->section_is_known = entry->section != NULL;
	note(status, -EINVAL);
}

static void look_at(struct status *status, const char *name)
{
	struct status_entry *entry = &status->entry[status->nr];
	int rc = dax_device_read(&sysfs_of_system, name, &entry->device);

	if (rc < 0) {
		fprintf(stderr, "%s: error: cannot read its attributes: %s\n", name, strerror(-rc));
		note(status, rc);
		dax_device_free(&entry->device);
		return;
	}
	if (!entry->device.size && !status->with_seeds) {
		dax_device_free(&entry->device);
		return;
	}
	status->nr++;
	rc = read_memory(entry);
	entry->memory_is_known = rc == 0;
	entry->section_is_known = rc == 0 && status->config_is_known;
	if (rc < 0) {
		fprintf(stderr, "%s: error: cannot read where its memory is: %s\n", name,
			strerror(-rc));
		if (rc == -EACCES)
			fprintf(stderr, "%s: run this as root\n", name);
		note(status, rc);
		return;
	}
	if (entry->section_is_known)
		find_section(status, entry);
	compare(entry);
}

/* --- the command ------------------------------------------------------------ */

static void status_free(struct status *status)
{
	for (size_t i = 0; i < status->nr; i++) {
		dax_device_free(&status->entry[i].device);
		blocks_free(&status->entry[i].blocks);
	}
	free(status->entry);
	config_free(&status->config);
}

/* No device at all is no error if none was asked for. */
static int show(struct status *status, const struct dax_targets *targets, bool is_named,
		bool is_json)
{
	_cleanup_names_ struct dax_names names = { 0 };
	bool all = dax_targets_are_all(targets);
	int rc = dax_select(&names, targets);

	status->entry = calloc(names.nr + 1, sizeof(*status->entry));
	if (rc < 0 || !status->entry)
		return -ENOMEM;
	note(status,
	     is_named ? report_missing(targets, &names) : report_without_node(targets, &names));
	for (size_t i = 0; i < names.nr; i++)
		look_at(status, names.name[i]);
	if (all) {
		rc = status_print_missing(&sysfs_of_system);
		status->has_missing = rc > 0;
		note(status, rc < 0 ? rc : 0);
	}
	if (is_json)
		return status_print_json(status->entry, status->nr);
	if (status->nr)
		return status_print_table(status->entry, status->nr);
	if (!status->result && !status->has_missing)
		fprintf(stderr, "daxctl: there is no dax device\n");
	return 0;
}

static int run(const struct command_line *line)
{
	__attribute__((cleanup(status_free))) struct status status = { 0 };
	_cleanup_targets_ struct dax_targets targets = { 0 };
	const char *all = "all", *wrong;
	bool is_named = line->nr_arguments > 0;
	int rc = dax_targets_read(&targets, is_named ? line->argument : &all,
				  is_named ? line->nr_arguments : 1, NULL, &wrong);

	if (rc == -EINVAL)
		return wrong_target("status", &targets, wrong);
	if (rc == 0) {
		status.with_seeds = !dax_targets_are_all(&targets);
		read_configuration(&status);
		rc = show(&status, &targets, is_named, line->option[OPT_JSON].is_set);
	}
	if (rc < 0)
		return out_of_memory();
	if (status.result < 0)
		return finish_output(status_of_errno(status.result));
	if (status.has_missing || status_has_drift(status.entry, status.nr))
		return finish_output(STATUS_UNVERIFIED);
	return finish_output(0);
}

int cmd_status(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };

	if (options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2) == -ENOMEM)
		return out_of_memory();
	if (line.error[0])
		return wrong_usage("status", "%s", line.error);
	if (line.lists_names)
		return list_our_option_names(specs, NR_OPTIONS);
	if (line.wants_help)
		return show_help(&line, "status", usage_status);
	if (line.option[OPT_VERSION].is_set) {
		printf("daxctl with online policies, version %s; upstream daxctl is %s\n",
		       extension_version, distribution_daxctl);
		return finish_output(0);
	}
	return run(&line);
}
