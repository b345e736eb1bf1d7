// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-kernel.h"

#define MEMORY "devices/system/memory"

static struct fake_kernel *running;

/* The fake itself is at fault, or is used in a way that it does not know. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* --- files ---------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static char *path_of(const struct fake_kernel *kernel,
							   const char *format, ...)
{
	static char path[512];
	va_list args;
	int used = snprintf(path, sizeof(path), "%s/", kernel->root);

	va_start(args, format);
	vsnprintf(path + used, sizeof(path) - (size_t)used, format, args);
	va_end(args);
	return path;
}

static void make_directory(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

static void store(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		perror(path);
		abort();
	}
	fprintf(file, "%s\n", value);
	fclose(file);
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool fetch(const struct fake_kernel *kernel, char *value, const char *path)
{
	return sysfs_read(&kernel->sysfs, value, 64, "%s", path) >= 0;
}

static bool is_file(const struct fake_kernel *kernel, const char *path)
{
	return sysfs_exists(&kernel->sysfs, "%s", path);
}

/* --- memory blocks -------------------------------------------------------- */

static unsigned int first_block(const char *device)
{
	return FAKE_FIRST_BLOCK + (unsigned int)atoi(strchr(device, '.') + 1) * FAKE_NR_BLOCKS;
}

static bool *online_flag(struct fake_kernel *kernel, unsigned int id)
{
	must(id >= FAKE_FIRST_BLOCK && id - FAKE_FIRST_BLOCK < sizeof(kernel->is_online));
	return &kernel->is_online[id - FAKE_FIRST_BLOCK];
}

/* Writes a file of a block, unless a test has made it unreadable. */
static void store_of_block(const struct fake_kernel *kernel, unsigned int id, const char *name,
			   const char *value)
{
	const char *path = path_of(kernel, MEMORY "/memory%u/%s", id, name);
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		store(path, value);
}

static void set_block(struct fake_kernel *kernel, unsigned int id, const char *policy)
{
	const char *zone = "Normal Movable";

	make_directory(path_of(kernel, MEMORY "/memory%u", id));
	if (kernel->onlining_fails && id % 2)
		policy = "offline";
	if (strcmp(policy, "online_movable") == 0)
		zone = "Movable";
	else if (strcmp(policy, "offline") != 0)
		zone = "Normal";
	*online_flag(kernel, id) = strcmp(policy, "offline") != 0;
	store_of_block(kernel, id, "state", *online_flag(kernel, id) ? "online" : "offline");
	if (!kernel->no_hotremove)
		store_of_block(kernel, id, "valid_zones", zone);
}

static void plug(struct fake_kernel *kernel, const char *device, const char *policy)
{
	kernel->sibling_was_online |=
		strcmp(device, "dax0.0") != 0 && strcmp(policy, "offline") != 0;
	for (unsigned int i = 0; i < FAKE_NR_BLOCKS; i++)
		set_block(kernel, first_block(device) + i, policy);
}

static bool has_online_block(struct fake_kernel *kernel, const char *device)
{
	for (unsigned int i = 0; i < FAKE_NR_BLOCKS; i++) {
		if (*online_flag(kernel, first_block(device) + i))
			return true;
	}
	return false;
}

static bool has_block(const struct fake_kernel *kernel, const char *device)
{
	for (unsigned int i = 0; i < FAKE_NR_BLOCKS; i++) {
		if (sysfs_exists(&kernel->sysfs, MEMORY "/memory%u", first_block(device) + i))
			return true;
	}
	return false;
}

static void take_out(struct fake_kernel *kernel, const char *device)
{
	for (unsigned int i = 0; i < FAKE_NR_BLOCKS; i++) {
		remove_tree(path_of(kernel, MEMORY "/memory%u", first_block(device) + i));
		*online_flag(kernel, first_block(device) + i) = false;
	}
}

static int write_block_state(struct fake_kernel *kernel, unsigned int id, const char *value)
{
	bool online = *online_flag(kernel, id);
	enum policy policy;

	if (policy_from_kernel(value, &policy) < 0 || policy == POLICY_DEFAULT ||
	    policy == POLICY_UNPLUGGED)
		return -EINVAL;
	if (online == policy_is_online(policy))
		return -EINVAL; /* as the kernel: online is online, and cannot become it */
	if (online && kernel->no_hotremove)
		return -EINVAL;
	if (online && kernel->stuck)
		return -EBUSY;
	set_block(kernel, id, value);
	return 0;
}

/* --- drivers -------------------------------------------------------------- */

static bool driver_of(const struct fake_kernel *kernel, const char *device, char *driver)
{
	return dax_device_read_driver(&kernel->sysfs, device, driver) == 0 && driver[0];
}

static char *find_id(struct fake_kernel *kernel, const char *driver, const char *device)
{
	char id[2 * DAX_NAME_SIZE];

	snprintf(id, sizeof(id), "%.31s %.31s", driver, device);
	for (size_t i = 0; i < 8; i++) {
		if (strcmp(kernel->ids[i], id) == 0)
			return kernel->ids[i];
	}
	return NULL;
}

static bool takes(struct fake_kernel *kernel, const char *driver, const char *device)
{
	bool is_kmem = strcmp(driver, "kmem") == 0;

	if (find_id(kernel, driver, device))
		return true;
	if (kernel->kmem_by_kind || (kernel->siblings_by_kind && strcmp(device, "dax0.0") != 0))
		return is_kmem;
	return strcmp(driver, "device_dax") == 0;
}

static int probe(struct fake_kernel *kernel, const char *driver, const char *device)
{
	char current[64], path[128], target[128];

	if (driver_of(kernel, device, current))
		return -EBUSY;
	if (strcmp(driver, "kmem") == 0) {
		if (has_block(kernel, device))
			return -EBUSY; /* it lost that memory before */
		snprintf(path, sizeof(path), DAX_DEVICES "/%s/online_type", device);
		if (!fetch(kernel, current, path) || strcmp(current, "default") == 0)
			must(fetch(kernel, current, MEMORY "/auto_online_blocks"));
		if (strcmp(current, "unplugged") != 0)
			plug(kernel, device, current);
		if (kernel->has_state)
			store(path_of(kernel, DAX_DEVICES "/%s/state", device), current);
	}
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	return symlink(target, path_of(kernel, DAX_DEVICES "/%s/driver", device));
}

static int write_unbind(struct fake_kernel *kernel, const char *driver, const char *device)
{
	char current[64];

	if (!driver_of(kernel, device, current) || strcmp(current, driver) != 0)
		return -ENODEV;
	if (strcmp(driver, "kmem") == 0) {
		if (has_online_block(kernel, device) ||
		    (kernel->no_hotremove && has_block(kernel, device)))
			kernel->has_leaked = true;
		else
			take_out(kernel, device);
		unlink(path_of(kernel, DAX_DEVICES "/%s/state", device));
	}
	return unlink(path_of(kernel, DAX_DEVICES "/%s/driver", device));
}

static int attach(const char *device, void *data)
{
	const char *driver = data;

	if (takes(running, driver, device))
		probe(running, driver, device);
	return 0;
}

static int write_driver(struct fake_kernel *kernel, char *driver, const char *device)
{
	char *attribute = strchr(driver, '/');
	char *id;

	*attribute++ = '\0';
	if (strcmp(attribute, "unbind") == 0)
		return write_unbind(kernel, driver, device);
	if (strcmp(attribute, "bind") == 0)
		return takes(kernel, driver, device) ? probe(kernel, driver, device) : -ENODEV;
	id = find_id(kernel, driver, device);
	if (strcmp(attribute, "remove_id") == 0) {
		if (id)
			id[0] = '\0';
		return 0;
	}
	must(strcmp(attribute, "new_id") == 0);
	for (size_t i = 0; i < 8 && !id; i++) {
		if (kernel->ids[i][0])
			continue;
		id = kernel->ids[i];
		snprintf(id, sizeof(kernel->ids[i]), "%.31s %.31s", driver, device);
	}
	must(id);
	return sysfs_for_each(&kernel->sysfs, attach, driver, DAX_DEVICES);
}

static void add_driver(struct fake_kernel *kernel, const char *driver)
{
	static const char *const attributes[] = { "bind", "unbind", "new_id", "remove_id" };

	make_directory(path_of(kernel, DAX_DRIVERS "/%s", driver));
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		store(path_of(kernel, DAX_DRIVERS "/%s/%s", driver, attributes[i]), "");
}

int fake_load_module(const char *name)
{
	char autoprobe[64];

	if (running->load_error)
		return running->load_error;
	add_driver(running, name);
	must(fetch(running, autoprobe, DAX_BUS "/drivers_autoprobe"));
	if (strcmp(autoprobe, "1") == 0)
		sysfs_for_each(&running->sysfs, attach, (void *)(uintptr_t)name, DAX_DEVICES);
	return 0;
}

/* --- attributes ----------------------------------------------------------- */

static int write_policy(const struct fake_kernel *kernel, const char *device, const char *path,
			const char *value)
{
	char driver[64], current[64];
	enum policy policy;

	if (policy_from_kernel(value, &policy) < 0)
		return -EINVAL;
	if (driver_of(kernel, device, driver) && strcmp(driver, "kmem") == 0 &&
	    fetch(kernel, current, path) && strcmp(current, value) != 0)
		return -EBUSY;
	store(path_of(kernel, "%s", path), value);
	return 0;
}

static int write_state(struct fake_kernel *kernel, const char *device, const char *path,
		       const char *value)
{
	char current[64];
	enum policy policy;

	if (policy_from_kernel(value, &policy) < 0 || policy == POLICY_OFFLINE ||
	    policy == POLICY_DEFAULT)
		return -EINVAL;
	must(fetch(kernel, current, path));
	if (strcmp(current, value) == 0)
		return 0;
	if (policy == POLICY_UNPLUGGED) {
		if (kernel->stuck && has_online_block(kernel, device))
			return -EBUSY;
		if (kernel->no_hotremove && has_block(kernel, device))
			return -EOPNOTSUPP;
		take_out(kernel, device);
	} else {
		if (strcmp(current, "unplugged") != 0)
			return -EBUSY;
		plug(kernel, device, value);
	}
	store(path_of(kernel, "%s", path), value);
	return 0;
}

static int write_device(struct fake_kernel *kernel, const char *rest, const char *path,
			const char *value)
{
	char device[DAX_NAME_SIZE], driver[64];
	const char *attribute = strchr(rest, '/') + 1;

	snprintf(device, sizeof(device), "%.*s", (int)(attribute - rest - 1), rest);
	if (strcmp(attribute, "online_type") == 0)
		return write_policy(kernel, device, path, value);
	if (strcmp(attribute, "state") == 0)
		return write_state(kernel, device, path, value);
	must(strcmp(attribute, "memmap_on_memory") == 0);
	if (driver_of(kernel, device, driver) && strcmp(driver, "kmem") == 0)
		return -EBUSY;
	store(path_of(kernel, "%s", path), value);
	return 0;
}

static int handle_write(void *data, const char *path, const char *value)
{
	struct fake_kernel *kernel = data;
	char copy[256];

	kernel->nr_writes++;
	if (kernel->before_write)
		kernel->before_write(kernel->before_write_data);
	if (kernel->fail_at && kernel->nr_writes == kernel->fail_at)
		return kernel->fail_with;
	if (!is_file(kernel, path))
		return -ENOENT;
	snprintf(copy, sizeof(copy), "%s", path);
	if (strncmp(path, DAX_DRIVERS "/", sizeof(DAX_DRIVERS)) == 0)
		return write_driver(kernel, copy + sizeof(DAX_DRIVERS), value);
	if (strncmp(path, DAX_DEVICES "/", sizeof(DAX_DEVICES)) == 0)
		return write_device(kernel, copy + sizeof(DAX_DEVICES), path, value);
	if (strncmp(path, MEMORY "/memory", sizeof(MEMORY "/memory") - 1) == 0)
		return write_block_state(
			kernel, (unsigned int)atoi(path + sizeof(MEMORY "/memory") - 1), value);
	store(path_of(kernel, "%s", path), value);
	return 0;
}

/* --- what tests use ------------------------------------------------------- */

static void add_device(const struct fake_kernel *kernel, size_t number)
{
	unsigned long long start;
	char device[DAX_NAME_SIZE], text[64];

	must(number < sizeof(kernel->is_online) / FAKE_NR_BLOCKS);
	snprintf(device, sizeof(device), "dax0.%zu", number);
	start = first_block(device) * FAKE_BLOCK_SIZE;
	make_directory(path_of(kernel, DAX_DEVICES "/%s/mapping0", device));
	snprintf(text, sizeof(text), "%#llx", start);
	store(path_of(kernel, DAX_DEVICES "/%s/mapping0/start", device), text);
	store(path_of(kernel, DAX_DEVICES "/%s/resource", device), text);
	snprintf(text, sizeof(text), "%#llx", start + FAKE_NR_BLOCKS * FAKE_BLOCK_SIZE - 1);
	store(path_of(kernel, DAX_DEVICES "/%s/mapping0/end", device), text);
	snprintf(text, sizeof(text), "%llu", FAKE_NR_BLOCKS * FAKE_BLOCK_SIZE);
	store(path_of(kernel, DAX_DEVICES "/%s/size", device), text);
	store(path_of(kernel, DAX_DEVICES "/%s/align", device), "2097152");
	store(path_of(kernel, DAX_DEVICES "/%s/target_node", device), "1");
	store(path_of(kernel, DAX_DEVICES "/%s/memmap_on_memory", device), "0");
	store(path_of(kernel, DAX_DEVICES "/%s/online_type", device), "default");
}

void fake_kernel_start(struct fake_kernel *kernel, size_t nr_devices)
{
	*kernel = (struct fake_kernel){ .has_state = true };
	snprintf(kernel->root, sizeof(kernel->root), "%s/fake-kernel.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(kernel->root));
	kernel->sysfs = (struct sysfs){ kernel->root, handle_write, kernel };
	running = kernel;
	make_directory(path_of(kernel, MEMORY));
	store(path_of(kernel, MEMORY "/block_size_bytes"), "8000000");
	store(path_of(kernel, MEMORY "/auto_online_blocks"), "offline");
	for (size_t i = 0; i < nr_devices; i++)
		add_device(kernel, i);
	store(path_of(kernel, DAX_BUS "/drivers_autoprobe"), "1");
	add_driver(kernel, "device_dax");
	add_driver(kernel, "fsdev_dax");
}

void fake_without_policy(struct fake_kernel *kernel)
{
	must(unlink(path_of(kernel, DAX_DEVICES "/dax0.0/online_type")) == 0);
}

void fake_going_offline(struct fake_kernel *kernel, unsigned int id)
{
	must(*online_flag(kernel, id));
	store_of_block(kernel, id, "state", "going-offline");
	store_of_block(kernel, id, "valid_zones", "Normal Movable");
}

/* There is no file that root cannot read; but a directory is none. */
void fake_make_unreadable(struct fake_kernel *kernel, const char *path)
{
	must(unlink(path_of(kernel, "%s", path)) == 0);
	make_directory(path_of(kernel, "%s", path));
}

void fake_kernel_stop(struct fake_kernel *kernel)
{
	remove_tree(kernel->root);
	running = NULL;
}

void fake_write(struct fake_kernel *kernel, const char *value, const char *path)
{
	must(handle_write(kernel, path, value) == 0);
	kernel->nr_writes = 0;
}

void fake_bind(struct fake_kernel *kernel, const char *device, const char *driver)
{
	if (strcmp(driver, "kmem") == 0 && !is_file(kernel, DAX_DRIVERS "/kmem"))
		add_driver(kernel, "kmem");
	must(probe(kernel, driver, device) == 0);
}

void fake_describe(struct fake_kernel *kernel, const char *device, char *text, size_t size)
{
	const char *plugged = "";
	struct dax_device dax;
	char autoprobe[64];
	size_t used;

	must(dax_device_read(&kernel->sysfs, device, &dax) == 0);
	must(fetch(kernel, autoprobe, DAX_BUS "/drivers_autoprobe"));
	/* Which of the online states it was is lost when memory comes back block by block. */
	if (dax.memory_state[0])
		plugged = strcmp(dax.memory_state, "unplugged") == 0 ? "unplugged" : "plugged";
	used = (size_t)snprintf(text, size,
				"driver=%s policy=%s memmap=%s state=%s autoprobe=%s:", dax.driver,
				dax.online_type, dax.memmap_on_memory, plugged, autoprobe);
	for (unsigned int i = 0; i < FAKE_NR_BLOCKS && used < size; i++)
		used += (size_t)snprintf(
			text + used, size - used, " %s",
			block_state_name(block_read(&kernel->sysfs, first_block(device) + i)));
	dax_device_free(&dax);
}
