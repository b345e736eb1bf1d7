// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands/check-config.h"
#include "cleanup.h"
#include "commands/commands.h"
#include "commands/sections.h"
#include "config/config.h"
#include "config/match.h"
#include "upstream/forward.h"
#include "upstream/json.h"
#include "commands/session.h"
#include "device/users.h"
#include "plan/shield.h"
#include "plan/spare-users.h"

enum whose {
	NOBODYS,       /* no section matches */
	OURS,	       /* a policy, or memmap_on_memory */
	TRANSLATED,    /* into a command line of this program, which keeps the rules for that */
	DISTRIBUTIONS, /* a section of the kind that it knows itself */
};

/* What the files say about one device. */
struct verdict {
	enum whose whose;
	const struct config_section *section;
	int rc; /* what keeps one from being applied, which has been reported; or 0 */
};

static bool section_mode_is(const struct config_section *section, enum dax_mode mode)
{
	return section->mode && strcmp(section->mode, dax_mode_name(mode)) == 0;
}

static bool has_online_policy(const struct dax_device *device)
{
	enum policy policy;

	return policy_from_kernel(device->online_type, &policy) == 0 && policy_is_online(policy);
}

/* May upstream bind it to kmem? */
static bool can_be_shielded(const struct dax_device *device)
{
	char name[1][DAX_NAME_SIZE];
	const struct dax_names names = { name, 1 };

	memcpy(name[0], device->name, sizeof(name[0]));
	return shield_suffices(&sysfs_of_system, &names);
}

/*
 * Upstream sees neither the policy of a device, nor its second range, nor that kmem may
 * hold it without memory. Our command line knows what to do then, or refuses it.
 */
static bool is_beyond_upstream(const struct config_section *section,
			       const struct dax_device *device)
{
	if (section_mode_is(section, DAX_MODE_DEVDAX) || section_mode_is(section, DAX_MODE_FAMFS))
		return device->mode == DAX_MODE_SYSTEM_RAM;
	if (!section_mode_is(section, DAX_MODE_SYSTEM_RAM))
		return false;
	return (section->has_online && !section->online && has_online_policy(device)) ||
	       !can_be_shielded(device);
}

static enum whose whose_is(const struct config_section *section, const struct dax_device *device)
{
	if (!section)
		return NOBODYS;
	if (section->has_policy || section->has_memmap)
		return OURS;
	return section->has_ours || is_beyond_upstream(section, device) ? TRANSLATED
									: DISTRIBUTIONS;
}

static bool has_address(const struct config *config)
{
	for (size_t i = 0; i < config->nr; i++) {
		if (config->section[i].has_dax_resource)
			return true;
	}
	return false;
}

/* Can it be told which section matches? A device that has just gone is nobody's. */
static int read_device(const struct config *config, const struct sysfs *sysfs, const char *name,
		       struct dax_device *device)
{
	struct problem problem;
	int rc = dax_device_read(sysfs, name, device);

	if (rc == -ENODEV)
		return rc;
	if (rc < 0)
		problem_set(&problem, rc, NULL, "cannot read its attributes: %s", strerror(-rc));
	else if (has_address(config) && dax_device_hides_ranges(device))
		rc = problem_set(&problem, -EACCES, "run this as root",
				 "cannot read where its memory is: %s", strerror(EACCES));
	if (rc < 0)
		print_problem(name, "error", &problem);
	return rc;
}

static struct verdict judge(const struct config *config, const struct sysfs *sysfs,
			    const char *name)
{
	_cleanup_device_ struct dax_device device;
	struct verdict verdict = { NOBODYS, NULL, 0 };
	int rc = read_device(config, sysfs, name, &device);

	if (rc < 0) {
		verdict.rc = rc == -ENODEV ? 0 : rc;
		return verdict;
	}
	verdict.section = sections_find(config, sysfs, &device);
	verdict.whose = whose_is(verdict.section, &device);
	/* Another one is not applied, because it could mean several. */
	if (sections_are_ambiguous(config, sysfs, &device))
		verdict.rc = -EINVAL;
	return verdict;
}

/* Adds the devices in upstream's output to ours. */
static void add_devices(struct session *session, const char *output)
{
	struct json_object *object = json_tokener_parse(output);

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			json_object_array_add(
				session->devices,
				json_object_get(json_object_array_get_idx(object, i)));
	} else if (json_object_is_type(object, json_type_object)) {
		json_object_array_add(session->devices, json_object_get(object));
	}
	json_object_put(object);
}

static void print_words(const char *name, char **words, const char *section)
{
	fprintf(stderr, "%s: run \"", name);
	for (; *words; words++)
		fprintf(stderr, "%s%s", *words, words[1] ? " " : "");
	fprintf(stderr, "\" (section '%s')\n", section);
}

/* Does a process lose the node of the device by what the section says? */
static bool takes_node(const struct config_section *section, const char *name)
{
	static const enum dax_mode modes[] = { DAX_MODE_DEVDAX, DAX_MODE_FAMFS };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (dax_device_is_in_mode(&sysfs_of_system, name, modes[i]))
			return !section_mode_is(section, modes[i]);
	}
	return false;
}

/* A command line of upstream's does not ask them, but a section of ours does. */
static int check_users(const struct check_config_options *options,
		       const struct config_section *section, const char *name)
{
	struct problem problem;
	char users[200], note[300];
	int rc;

	if (!takes_node(section, name))
		return 0;
	users_describe(&sysfs_of_system, name, users, sizeof(users));
	rc = spare_users(name, users, options->force, note, sizeof(note), &problem);
	if (rc < 0)
		print_problem(name, "error", &problem);
	else if (note[0])
		fprintf(stderr, "warning: %s: %s\n", name, note);
	return rc;
}

/* Has done what a section says that has no policy: by upstream, or as if it was typed. */
static void relay(struct session *session, const struct check_config_options *options,
		  const struct verdict *verdict, const struct dax_names *meant)
{
	const struct config_section *section = verdict->section;
	char program[] = "daxctl", command[] = "reconfigure-device", check[] = "--check-config";
	char force[] = "--force", human[] = "--human", verbose[] = "--verbose";
	char no_online[] = "--no-online", no_movable[] = "--no-movable";
	_cleanup_free_ char *output = NULL;
	char *name = meant->name[0], mode[64], *argv[10] = { program, command };
	size_t length;
	int argc = 2, status, rc;

	rc = section->has_ours ? check_users(options, section, name) : 0;
	if (rc < 0) {
		session_note(session, rc);
		return;
	}
	snprintf(mode, sizeof(mode), "--mode=%s", section->mode ? section->mode : "system-ram");
	argv[argc++] = verdict->whose == TRANSLATED ? mode : check;
	if (verdict->whose == TRANSLATED && section->has_online && !section->online)
		argv[argc++] = no_online;
	if (verdict->whose == TRANSLATED && section->has_movable && !section->movable)
		argv[argc++] = no_movable;
	if (options->force)
		argv[argc++] = force;
	if (options->human)
		argv[argc++] = human;
	if (options->is_verbose)
		argv[argc++] = verbose;
	argv[argc] = name;
	if (options->dry_run && verdict->whose == TRANSLATED) {
		print_words(name, argv, section->name);
		return;
	}
	if (options->dry_run) {
		fprintf(stderr, "%s: leave it to %s (section '%s')\n", name, distribution_daxctl,
			section->name);
		return;
	}
	status = verdict->whose == TRANSLATED
			 ? run_self_and_capture(argv, &output, &length)
			 : forward_shielded_and_capture(argv, meant, &output, &length);
	if (output)
		add_devices(session, output);
	session_note_status(session, name, status);
}

static void reconfigure(struct session *session, const struct check_config_options *options,
			const struct verdict *verdict, const struct dax_names *meant)
{
	int memmap = MEMMAP_AS_IT_IS;

	session_note(session, verdict->rc);
	if (verdict->whose == NOBODYS)
		return;
	if (verdict->whose != OURS) {
		relay(session, options, verdict, meant);
		return;
	}
	if (verdict->section->has_memmap)
		memmap = verdict->section->memmap_on_memory ? MEMMAP_ON : MEMMAP_OFF;
	session->request = (struct request){
		.set_policy = verdict->section->has_policy,
		.policy = verdict->section->policy,
		.to_system_ram = true,
		.force = options->force,
		.spares_users = true,
		.allow_fallback = options->allow_fallback,
		.memmap_on_memory = memmap,
	};
	session_reconfigure(session, meant->name[0]);
}

static int apply(const struct config *config, const struct check_config_options *options,
		 struct dax_names *names)
{
	_cleanup_free_ struct verdict *verdict = calloc(names->nr + 1, sizeof(*verdict));
	size_t nr_of[DISTRIBUTIONS + 1] = { 0 };
	struct session session;
	int first = 0;

	if (!verdict)
		return status_of_errno(-ENOMEM);
	for (size_t i = 0; i < names->nr; i++) {
		verdict[i] = judge(config, &sysfs_of_system, names->name[i]);
		nr_of[verdict[i].whose]++;
		first = first ? first : verdict[i].rc;
	}
	if (nr_of[NOBODYS] == names->nr)
		return first ? none_reconfigured(first) : 0;
	if (options->resizes && nr_of[OURS] + nr_of[TRANSLATED])
		return wrong_usage("reconfigure-device",
				   "--check-config does what the config files say; --size, "
				   "--align and --input cannot be given besides it");
	if (!nr_of[OURS] && !nr_of[TRANSLATED] && !first && !options->dry_run)
		return -1;
	if (session_start(&session, &words_reconfigure, options->human, options->is_verbose,
			  options->dry_run) < 0)
		return status_of_errno(-ENOMEM);
	for (size_t i = 0; i < names->nr && !session_is_interrupted(); i++) {
		const struct dax_names meant = { &names->name[i], 1 };

		reconfigure(&session, options, &verdict[i], &meant);
	}
	return session_finish(&session);
}

/* Among sections that are all upstream's, is there one that it cannot carry out by itself? */
static bool needs_our_rules(const struct config *config, const struct dax_names *names)
{

	for (size_t i = 0; i < names->nr; i++) {
		_cleanup_device_ struct dax_device device;

		if (dax_device_read(&sysfs_of_system, names->name[i], &device) < 0 || !device.size)
			continue;
		for (size_t j = 0; j < config->nr; j++) {
			if (is_beyond_upstream(&config->section[j], &device) &&
			    config_section_matches(&config->section[j], &sysfs_of_system, &device))
				return true;
		}
	}
	return false;
}

int check_config(const struct check_config_options *options, const struct dax_targets *targets)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	struct problem problem = { 0 };
	int rc;

	rc = sections_read(&config, &problem);
	/* A mistake in its own sections is for upstream to tell; what cannot be read is not. */
	if (rc < 0 && (config.has_ours || config.is_unreadable)) {
		print_problem("daxctl", "error", &problem);
		return none_reconfigured(rc);
	}
	if (rc < 0 || !config.nr)
		return -1;
	if (dax_select(&names, targets) < 0)
		return status_of_errno(-ENOMEM);
	if (!config.has_ours && !needs_our_rules(&config, &names))
		return -1;
	return apply(&config, options, &names);
}

bool check_config_may_match(const struct dax_names *names)
{
	_cleanup_config_ struct config config = { 0 };
	struct problem problem;

	/* Upstream may read it another way. */
	if (sections_read(&config, &problem) < 0)
		return true;
	for (size_t i = 0; i < names->nr; i++) {
		_cleanup_device_ struct dax_device device;

		if (dax_device_read(&sysfs_of_system, names->name[i], &device) < 0)
			continue;
		for (size_t j = 0; j < config.nr; j++) {
			if (config_section_matches(&config.section[j], &sysfs_of_system, &device))
				return true;
		}
	}
	return false;
}
