// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "device/device.h"
#include "upstream/forward.h"
#include "upstream/json.h"
#include "commands/map.h"
#include "commands/options.h"
#include "commands/terminal.h"
#include "device/select.h"

#define DEFAULT_WIDTH 80

enum {
	OPT_REGION,
	OPT_DEV,
	OPT_DEVICES,
	OPT_REGIONS,
	OPT_MAPPINGS,
	OPT_IDLE,
	OPT_HUMAN,
	OPT_BLOCKS,
	NR_OPTIONS
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = { 'r', "region", OPTION_VALUE, "region-id", "filter by region", false },
	[OPT_DEV] = { 'd', "dev", OPTION_VALUE, "dev-id", "filter by dax device instance name",
		      false },
	[OPT_DEVICES] = { 'D', "devices", OPTION_FLAG, NULL, "include dax device info", false },
	[OPT_REGIONS] = { 'R', "regions", OPTION_FLAG, NULL, "include dax region info", false },
	[OPT_MAPPINGS] = { 'M', "mappings", OPTION_FLAG, NULL, "include dax mappings info", false },
	[OPT_IDLE] = { 'i', "idle", OPTION_FLAG, NULL, "include idle devices", false },
	[OPT_HUMAN] = { 'u', "human", OPTION_FLAG, NULL, "use human friendly number formats",
			false },
	[OPT_BLOCKS] = { 0, "blocks", OPTION_FLAG, NULL,
			 "show where the memory of devices is; with --human, as a map", true },
};

void usage_list(void)
{
	options_usage(stderr, "daxctl list [<options>]", specs, NR_OPTIONS);
}

static const char command[] = "list";

/* --- upstream's list, and more ------------------------------------ */

/* Is there any device that has something to add to it? */
static int has_more_to_tell(const char *name, void *data)
{
	(void)data;
	return sysfs_exists(&sysfs_of_system, DAX_DEVICES "/%s/online_type", name) ||
	       sysfs_exists(&sysfs_of_system, DAX_DEVICES "/%s/state", name);
}

static int list_devices(char **argv)
{
	_cleanup_free_ char *output = NULL;
	_cleanup_free_ char *augmented = NULL;
	size_t length;
	int status;

	if (sysfs_for_each(&sysfs_of_system, has_more_to_tell, NULL, DAX_DEVICES) <= 0)
		return forward(argv);
	status = forward_and_capture(argv, &output, &length);
	if (status < 0)
		return end_by_signal(-status);
	if (output)
		augmented = json_augment_list(&sysfs_of_system, output, length);
	if (augmented)
		fputs(augmented, stdout);
	else if (output)
		fwrite(output, 1, length, stdout);
	return finish_output(status);
}

/* --- --blocks -------------------------------------------------------------- */

static void print_map(const struct dax_device *device, const struct blocks *blocks)
{
	struct json_object *size = json_size(device->size, true);

	printf("%s: %s, %s\n", device->name, dax_mode_name(device->mode),
	       json_object_get_string(size));
	json_object_put(size);
	map_print(stdout, blocks, terminal_width(DEFAULT_WIDTH), terminal_has_colour());
}

/* Prints the map of one device, or adds it to the array. */
static int list_blocks_of(const struct sysfs *sysfs, const char *name, bool human, bool idle,
			  struct json_object *array)
{
	_cleanup_device_ struct dax_device device = { 0 };
	_cleanup_blocks_ struct blocks blocks = { 0 };
	int rc;

	rc = dax_device_read(sysfs, name, &device);
	if (rc == 0 && !device.size && !idle)
		return 0;
	if (rc == 0 && dax_device_hides_ranges(&device))
		rc = -EACCES;
	if (rc == 0)
		rc = dax_device_blocks(sysfs, &device, &blocks);
	if (rc < 0) {
		fprintf(stderr, "%s: error: cannot read where its memory is: %s\n", name,
			strerror(-rc));
		return rc;
	}
	blocks_read(sysfs, &blocks);
	if (human)
		print_map(&device, &blocks);
	else
		json_object_array_add(array, json_blocks(&device, &blocks));
	return 0;
}

static int list_blocks_of_all(const struct dax_names *names, bool human, bool idle)
{
	struct json_object *array = json_object_new_array();
	int rc = 0;

	if (!array)
		return -ENOMEM;
	for (size_t i = 0; i < names->nr; i++) {
		int err = list_blocks_of(&sysfs_of_system, names->name[i], human, idle, array);

		rc = rc ? rc : err;
	}
	/* As upstream's list: nothing at all, where nothing matches. */
	if (json_object_array_length(array))
		json_print_array(stdout, array, false);
	json_object_put(array);
	return rc;
}

static int list_blocks(const struct command_line *line)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	const char *all = "all", *wrong;
	const char **wanted = &all;
	int rc;

	if (line->error[0])
		return wrong_usage(command, "%s", line->error);
	if (line->nr_arguments)
		return wrong_usage(command, "unknown parameter \"%s\"", line->argument[0]);
	if (line->option[OPT_DEVICES].is_set || line->option[OPT_REGIONS].is_set ||
	    line->option[OPT_MAPPINGS].is_set)
		return wrong_usage(command, "--blocks is a list of its own; --devices, --regions "
					    "and --mappings do not go with it");
	if (line->option[OPT_DEV].is_set)
		wanted = (const char **)(uintptr_t)&line->option[OPT_DEV].value;
	rc = dax_targets_read(&targets, wanted, 1, line->option[OPT_REGION].value, &wrong);
	if (rc == -EINVAL)
		return wrong_target(command, &targets, wrong);
	if (rc == 0)
		rc = dax_select(&names, &targets);
	if (rc == 0)
		rc = list_blocks_of_all(&names, line->option[OPT_HUMAN].is_set,
					line->option[OPT_IDLE].is_set);
	return rc == -ENOMEM ? out_of_memory() : finish_output(status_of_errno(rc));
}

int cmd_list(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	_cleanup_free_ char **words = NULL;

	if (options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2) == -ENOMEM)
		return out_of_memory();
	if (line.lists_names && !line.error[0])
		return list_option_names(argv, specs, NR_OPTIONS);
	if (line.wants_help && !line.error[0])
		return show_help(&line, command, usage_list);
	if (line.option[OPT_BLOCKS].is_set || (line.has_ours && line.error[0]))
		return list_blocks(&line);
	if (!line.has_ours)
		return list_devices(argv);
	/* --blocks was cancelled by --no-blocks. */
	words = options_without_ours(&line, argc, argv);
	return words ? list_devices(words) : out_of_memory();
}
