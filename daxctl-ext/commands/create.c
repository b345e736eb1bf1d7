// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/device.h"
#include "signals.h"
#include "upstream/forward.h"

/*
 * create-device: upstream daxctl makes the device. With --online-type it makes one
 * in devdax mode, which gets its policy before kmem binds it.
 */
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
};

static const char command[] = "create-device";

static const struct session_words words = {
	.verbing = "creating devices",
	.verbed = "created",
	.shows_devices = true,
};

void usage_create_device(void)
{
	options_usage(stderr, "daxctl create-device [<options>]", specs, NR_OPTIONS);
}

static bool is_set(const struct command_line *line, size_t option)
{
	return line->option[option].is_set;
}

static bool mode_is(const struct command_line *line, enum dax_mode mode)
{
	const char *name = line->option[OPT_MODE].value;

	return name && strcmp(name, dax_mode_name(mode)) == 0;
}

static int read_request(const struct command_line *line, struct request *request)
{
	const char *type = line->option[OPT_ONLINE_TYPE].value;

	*request = (struct request){
		.set_policy = true,
		.to_system_ram = mode_is(line, DAX_MODE_SYSTEM_RAM),
		.spares_users = true,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	if (line->error[0])
		return wrong_usage(command, "%s", line->error);
	if (!type)
		return wrong_usage(command,
				   "--online-type was cancelled by --no-online-type; leave it out");
	if (policy_from_user(type, &request->policy) < 0)
		return wrong_usage(command, "unknown online type '%.40s'; it is one of %s", type,
				   policy_names);
	if (line->nr_arguments)
		return wrong_usage(command, "unknown parameter '%.40s'", line->argument[0]);
	if (is_set(line, OPT_MODE) && !request->to_system_ram && !mode_is(line, DAX_MODE_DEVDAX))
		return wrong_usage(command, "with --online-type, the mode is devdax or system-ram");
	if (is_set(line, OPT_NO_ONLINE) || is_set(line, OPT_NO_MOVABLE) ||
	    is_set(line, OPT_CHECK_CONFIG))
		return wrong_usage(command,
				   "--no-online, --no-movable and --check-config do not go with "
				   "--online-type, which says all of that");
	return 0;
}

/* Has upstream make the device. Returns an exit status; *@created is its JSON, or NULL. */
static int create(const struct command_line *line, struct json_object **created)
{
	static const struct {
		size_t option;
		const char *word;
	} passed_on[] = {
		{ OPT_REGION, "--region" },
		{ OPT_SIZE, "--size" },
		{ OPT_ALIGN, "--align" },
		{ OPT_INPUT, "--input" },
	};
	_cleanup_free_ char *output = NULL;
	const char *argv[3 + 2 * sizeof(passed_on) / sizeof(passed_on[0])] = { "daxctl", command };
	size_t length, argc = 2;
	int status;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		if (!is_set(line, passed_on[i].option))
			continue;
		argv[argc++] = passed_on[i].word;
		argv[argc++] = line->option[passed_on[i].option].value;
	}
	*created = NULL;
	status = forward_and_capture((char **)argv, &output, &length);
	forget_ids();
	if (output)
		*created = json_tokener_parse(output);
	return status;
}

static const char *name_of(struct json_object *created)
{
	struct json_object *device = created, *name;

	if (json_object_is_type(created, json_type_array))
		device = json_object_array_get_idx(created, 0);
	if (!json_object_is_type(device, json_type_object) ||
	    !json_object_object_get_ex(device, "chardev", &name))
		return NULL;
	return json_object_get_string(name);
}

/* A device without the policy that was asked for is not what was asked for. */
static void destroy(const char *name)
{
	const char *argv[] = { "daxctl", "destroy-device", "--force", name, NULL };
	_cleanup_free_ char *output = NULL;
	size_t length;

	fprintf(stderr, "%s: it is destroyed again\n", name);
	forward_and_capture((char **)argv, &output, &length);
}

/* Has upstream make the device, and tells its name. Returns an exit status. */
static int create_and_name(const struct command_line *line, char name[DAX_NAME_SIZE])
{
	struct json_object *created;
	const char *text;
	int status;

	signals_hold();
	status = create(line, &created);
	signals_release();
	text = name_of(created);
	if (status < 0) {
		signals_caught = -status;
		status = 128 - status;
	}
	if (status == 0 && (!text || dax_name_parse(text, name) < 0)) {
		fprintf(stderr, "daxctl: %s did not say which device it made\n",
			distribution_daxctl);
		status = status_of_errno(-ENXIO);
	}
	json_object_put(created);
	return status;
}

/*
 * From here on, no signal comes between the device and its policy: one that arrives
 * while upstream makes the device has it destroyed again.
 */
static int create_with_policy(const struct command_line *line)
{
	const char *type = line->option[OPT_ONLINE_TYPE].value;
	struct session session;
	struct request request;
	char name[DAX_NAME_SIZE];
	int status;

	if (!line->error[0] && type && strcmp(type, "help") == 0)
		return list_policies();
	status = read_request(line, &request);
	if (status)
		return status;
	if (session_start(&session, &words, is_set(line, OPT_HUMAN), is_set(line, OPT_VERBOSE),
			  false) < 0)
		return out_of_memory();
	status = create_and_name(line, name);
	if (status) {
		session_abandon(&session);
		return status;
	}
	session.request = request;
	session_reconfigure(&session, name);
	if (session.result < 0)
		destroy(name);
	return session_finish(&session);
}

int cmd_create_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	int rc = options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2);

	if (rc == -ENOMEM)
		return out_of_memory();
	if (line.lists_names && !line.error[0])
		return list_option_names(argv, specs, NR_OPTIONS);
	/* The manual page is upstream's. */
	if (line.wants_manual && !line.error[0])
		return show_manual(command, NULL);
	if (line.wants_help && !line.error[0])
		return show_help(&line, command, usage_create_device);
	return line.has_ours ? create_with_policy(&line) : forward_and_forget_ids(argv);
}
