// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/save.h"
#include "commands/sections.h"
#include "config/match.h"
#include "device/creator.h"

/*
 * Nobody else writes to the configuration meanwhile. The lock of a reconfiguration must be
 * released by now: a second one in the same process would wait for it forever.
 */
static int lock(const struct sysfs *sysfs, const char *name, int *fd, struct problem *problem)
{
	int rc = session_lock(sysfs, name, fd);

	return rc < 0 ? problem_set(problem, rc, rc == -EACCES ? "run this as root" : NULL,
				    "cannot lock the dax bus: %s", strerror(-rc))
		      : 0;
}

/* --- what the boot needs besides ------------------------------------------ */

static void print_parameter(const char *name, const struct dax_creator *creator, const char *policy)
{
	if (creator->is_built_in) {
		fprintf(stderr, "%s:   %s.online_type=%s   (on the kernel's command line)\n", name,
			creator->module, policy);
		return;
	}
	fprintf(stderr,
		"%s:   options %s online_type=%s   (in a file /etc/modprobe.d/*.conf; then rebuild "
		"the initramfs)\n",
		name, creator->module, policy);
}

/* Either may create the device of a region that the firmware has set up. */
static void print_parameters(const char *name, const struct dax_creator *creator,
			     const char *policy)
{
	struct dax_creator other = *creator;

	print_parameter(name, creator, policy);
	if (strcmp(creator->module, "dax_cxl") != 0)
		return;
	other.module = "dax_hmem";
	print_parameter(name, &other, policy);
}

/* A kernel with the attribute "state" also knows the policy "unplugged". */
static bool knows_unplugged(const struct dax_device *device)
{
	return device->mode != DAX_MODE_SYSTEM_RAM || device->memory_state[0];
}

static void print_needs_of_saved(const struct sysfs *sysfs, const struct dax_device *device,
				 const char *policy)
{
	const char *unplugged = policy_name(POLICY_UNPLUGGED), *name = device->name;
	struct dax_creator creator;

	dax_creator_read(sysfs, name, &creator);
	if (!creator.module || strcmp(creator.parameter, policy) == 0 ||
	    (knows_unplugged(device) && strcmp(creator.parameter, unplugged) == 0))
		return;
	fprintf(stderr,
		"%s: note: at boot, kmem may bind it before the configuration is read; for the "
		"same result then, also set\n",
		name);
	if (!knows_unplugged(device)) {
		print_parameters(name, &creator, policy);
		return;
	}
	print_parameters(name, &creator, unplugged);
	if (device->mode != DAX_MODE_SYSTEM_RAM)
		fprintf(stderr,
			"%s: before Linux 7.3, which has no such policy, set it to %s instead\n",
			name, policy);
}

static void print_needs_of_forgotten(const struct sysfs *sysfs, const char *name)
{
	struct dax_creator creator;

	dax_creator_read(sysfs, name, &creator);
	if (!creator.module)
		return;
	if (!creator.parameter[0] || strcmp(creator.parameter, policy_name(POLICY_DEFAULT)) == 0) {
		fprintf(stderr,
			"%s: note: at boot, kmem may bind it, and online its memory as the system "
			"default says\n",
			name);
		return;
	}
	fprintf(stderr,
		"%s: note: at boot, it still gets the policy '%s' from its driver; for the system "
		"default, remove\n",
		name, creator.parameter);
	print_parameters(name, &creator, creator.parameter);
}

/* --- saving --------------------------------------------------------------- */

int save_start(struct save *save, const struct request *request, bool dry_run)
{
	struct problem problem = { 0 };
	int rc;

	*save = (struct save){
		.directory = sections_directory(),
		.dry_run = dry_run,
		.to_system_ram = request->to_system_ram,
		.values = {
			.policy = request->policy,
			.has_memmap = request->memmap_on_memory != MEMMAP_AS_IT_IS,
			.memmap_on_memory = request->memmap_on_memory == MEMMAP_ON,
		},
	};
	if (!save->directory)
		return -ENOMEM;
	rc = config_save_check(save->directory, &problem);
	if (rc == 0)
		rc = sections_read(&save->config, &problem);
	if (rc < 0)
		print_problem("daxctl", "error", &problem);
	return rc;
}

void save_free(struct save *save)
{
	free(save->directory);
	config_free(&save->config);
}

/* Does an older section make the saved one useless? The files are read in the order of their names.
 */
static void warn_of_precedence(const struct save *save, const struct sysfs *sysfs,
			       const struct dax_device *device)
{
	for (size_t i = 0; i < save->config.nr; i++) {
		const struct config_section *section = &save->config.section[i];
		const char *slash = strrchr(section->file, '/');

		if (slash && strcmp(slash + 1, SAVED_FILE) >= 0)
			return;
		if (!config_section_matches(section, sysfs, device))
			continue;
		fprintf(stderr,
			"%s: warning: section '%s' (%s:%u) matches too, and comes first: what is "
			"saved has no effect until that one is removed\n",
			device->name, section->name, section->file, section->line);
		return;
	}
}

/* A section with a policy is about system-ram mode, whatever mode the device is in now. */
static void warn_of_mode(const struct save *save, const struct sysfs *sysfs,
			 const struct dax_device *device)
{
	const char *name = device->name;
	bool is_pmem = sysfs_exists(sysfs, DAX_DEVICES "/%s/../uuid", name);

	if (save->to_system_ram || device->mode == DAX_MODE_SYSTEM_RAM)
		return;
	fprintf(stderr,
		"warning: %s: its mode is %s now, and system-ram from the next boot on, or once "
		"the configuration is applied%s\n"
		"%s: to have it in system-ram mode now, use --mode=system-ram; to leave it as it "
		"is, --forget\n",
		name, dax_mode_name(device->mode),
		is_pmem ? "; system RAM overwrites what is stored on it" : "", name);
}

static int save_device(const struct save *save, const struct sysfs *sysfs, const char *name)
{
	_cleanup_device_ struct dax_device device;
	struct problem problem = { 0 };
	_cleanup_close_ int fd = -1;
	struct save_result result;
	int rc = dax_device_read(sysfs, name, &device);

	if (rc < 0)
		problem_set(&problem, rc, NULL, "cannot read its attributes: %s", strerror(-rc));
	else if (!save->dry_run)
		rc = lock(sysfs, name, &fd, &problem);
	if (rc == 0)
		rc = config_save(save->directory, sysfs, &device, &save->values, save->dry_run,
				 &result, &problem);
	if (rc < 0) {
		print_problem(name, "error: it is reconfigured, but not saved", &problem);
		return rc;
	}
	if (save->dry_run) {
		fprintf(stderr, "%s: write to %s/%s:\n", name, save->directory, SAVED_FILE);
		for (char *line = strtok(result.text, "\n"); line; line = strtok(NULL, "\n"))
			fprintf(stderr, "%s:   %s\n", name, line);
	} else {
		fprintf(stderr, "%s: saved as section '%s' in %s/%s\n", name, result.section,
			save->directory, SAVED_FILE);
	}
	warn_of_precedence(save, sysfs, &device);
	warn_of_mode(save, sysfs, &device);
	print_needs_of_saved(sysfs, &device, policy_name(save->values.policy));
	return 0;
}

/* Whatever can be found out beforehand: 0 or a negative errno. */
static int check_device(const struct save *save, const struct sysfs *sysfs,
			const struct dax_device *device, struct problem *problem)
{
	struct save_result result;

	if (!device->size)
		return problem_set(problem, -ENXIO, "give it a size first (--size)",
				   "it has no memory");
	return config_save(save->directory, sysfs, device, &save->values, true, &result, problem);
}

/* 1; 0: it is a seed, which is none of those that "all" means; or a negative errno. */
static int can_save(const struct save *save, const struct session *session, const char *name)
{
	_cleanup_device_ struct dax_device device;
	struct problem problem = { 0 };
	int rc = dax_device_read(session->sysfs, name, &device);

	if (rc < 0)
		problem_set(&problem, rc, NULL, "cannot read its attributes: %s", strerror(-rc));
	else if (session->all && !device.size)
		return 0;
	else
		rc = check_device(save, session->sysfs, &device, &problem);
	if (rc < 0)
		print_problem(name, "error: it cannot be saved, and is left as it is", &problem);
	return rc < 0 ? rc : 1;
}

void save_and_reconfigure(struct save *save, struct session *session, const char *name)
{
	int can = save->directory ? can_save(save, session, name) : 0, rc;

	if (can < 0) {
		session_note(session, can);
		return;
	}
	rc = session_reconfigure(session, name);
	if (!can)
		return;
	if (rc == 0)
		session_note(session, save_device(save, session->sysfs, name));
	else
		fprintf(stderr, "%s: not saved\n", name);
}

/* --- forgetting ----------------------------------------------------------- */

/* 1: done; 0: nothing was saved; or a negative errno. */
static int forget_device(const char *directory, const char *name, bool dry_run)
{
	_cleanup_device_ struct dax_device device;
	struct problem problem = { 0 };
	_cleanup_close_ int fd = -1;
	struct save_result result;
	int rc = dax_device_read(&sysfs_of_system, name, &device);

	if (rc < 0)
		problem_set(&problem, rc, NULL, "cannot read its attributes: %s", strerror(-rc));
	else if (!dry_run)
		rc = lock(&sysfs_of_system, name, &fd, &problem);
	if (rc == 0)
		rc = config_forget(directory, &sysfs_of_system, &device, dry_run, &result,
				   &problem);
	/* Its section may be one with the address of its memory. */
	if (rc == 0 && dax_device_hides_ranges(&device))
		rc = problem_set(&problem, -EACCES, "run this as root",
				 "cannot read where its memory is: %s", strerror(EACCES));
	if (rc < 0)
		print_problem(name, "error", &problem);
	if (rc <= 0)
		return rc;
	fprintf(stderr, "%s: %s section '%s' from %s/%s\n", name, dry_run ? "remove" : "removed",
		result.section, directory, SAVED_FILE);
	if (result.other[0])
		fprintf(stderr,
			"warning: %s: %s matches it too, and stays, as it is not as --save writes "
			"it\n"
			"%s: to forget that one too, remove it by hand\n",
			name, result.other, name);
	print_needs_of_forgotten(&sysfs_of_system, name);
	return rc;
}

int forget(const struct dax_targets *targets, bool dry_run)
{
	_cleanup_free_ char *directory = sections_directory();
	_cleanup_names_ struct dax_names names = { 0 };
	bool all = dax_targets_are_all(targets);
	size_t nr = 0;
	int result;

	if (!directory || dax_select(&names, targets) < 0)
		return out_of_memory();
	result = report_missing(targets, &names);
	for (size_t i = 0; i < names.nr; i++) {
		int rc = forget_device(directory, names.name[i], dry_run);

		if (rc == 0 && !all) {
			fprintf(stderr, "%s: error: nothing is saved for it in %s/%s\n",
				names.name[i], directory, SAVED_FILE);
			rc = -ENOENT;
		}
		if (rc < 0 && result == 0)
			result = rc;
		nr += rc > 0 && !dry_run;
	}
	if (dry_run)
		fprintf(stderr, "dry run: nothing was changed\n");
	else
		fprintf(stderr, "forgot %zu device%s\n", nr, nr == 1 ? "" : "s");
	return status_of_errno(result);
}
