// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands/status-output.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "upstream/json.h"

const char *status_wanted_mode(const struct config_section *section)
{
	return section->mode ? section->mode : dax_mode_name(DAX_MODE_SYSTEM_RAM);
}

bool status_has_drift(const struct status_entry *entry, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (entry[i].drift.nr)
			return true;
	}
	return false;
}

/* --- the table -------------------------------------------------------------- */

/* The cells that are no text of their own yet. */
struct composed {
	char size[16], node[16], memory[256];
};

/* As lsmem has sizes: 512M, 1.5T. */
static void format_size(char *text, size_t size, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double amount = (double)bytes;
	size_t unit = 0;
	char number[12];

	while (amount >= 1024 && units[unit + 1]) {
		amount /= 1024;
		unit++;
	}
	snprintf(number, sizeof(number), "%.1f", amount);
	snprintf(text, size, "%.*s%c", (int)strcspn(number, strstr(number, ".0") ? "." : ""),
		 number, units[unit]);
}

/* Memory that is online comes first. */
static void format_memory(char *text, size_t size, const struct status_entry *entry)
{
	struct block_counts counts = blocks_count(&entry->blocks);
	size_t used = 0;

	for (size_t i = 0; i < NR_BLOCK_STATES; i++) {
		enum block_state state = (BLOCK_ONLINE + i) % NR_BLOCK_STATES;

		if (!counts.of[state])
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%zu %s", used ? "\n" : "",
					 counts.of[state], block_state_word(state));
	}
	if (!used)
		snprintf(text, size, "%s", entry->memory_is_known ? "-" : "?");
}

static const char *section_cell(const struct status_entry *entry)
{
	if (!entry->section_is_known)
		return "?";
	return entry->section ? entry->section_name : "-";
}

static struct table_cell verdict_on(const struct status_entry *entry)
{
	if (entry->drift.nr)
		return (struct table_cell){ "drift", "1;31" };
	if (!entry->memory_is_known || !entry->section_is_known)
		return (struct table_cell){ "unknown", "33" };
	return (struct table_cell){ "ok", "32" };
}

static struct table_row row_of(const struct status_entry *entry, struct composed *composed)
{
	const struct dax_device *device = &entry->device;

	format_size(composed->size, sizeof(composed->size), device->size);
	if (device->target_node >= 0)
		snprintf(composed->node, sizeof(composed->node), "%d", device->target_node);
	else
		strcpy(composed->node, "-");
	format_memory(composed->memory, sizeof(composed->memory), entry);
	return (struct table_row){ {
		{ device->name, NULL },
		{ dax_mode_name(device->mode), NULL },
		{ composed->size, NULL },
		{ composed->node, NULL },
		{ device->online_type[0] ? device->online_type : "-", NULL },
		{ composed->memory, NULL },
		{ section_cell(entry), NULL },
		verdict_on(entry),
	} };
}

static void print_drift(const struct status_entry *entry, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < entry[i].drift.nr; j++)
			printf("%s: drift: %s\n", entry[i].device.name, entry[i].drift.text[j]);
	}
}

static bool is_told(const struct status_entry *entry, size_t nr,
		    const struct config_section *section)
{
	for (size_t i = 0; i < nr; i++) {
		if (entry[i].drift.nr && entry[i].section == section)
			return true;
	}
	return false;
}

/* Where the sections are that something disagrees with, each once. */
static void print_sections(const struct status_entry *entry, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct config_section *section = entry[i].section;

		if (entry[i].drift.nr && section && !is_told(entry, i, section))
			printf("section '%s': %s:%u\n", entry[i].section_name, section->file,
			       section->line);
	}
}

int status_print_table(const struct status_entry *entry, size_t nr)
{
	static const struct table_column columns[] = {
		{ "DEVICE", TABLE_LEFT },  { "MODE", TABLE_LEFT },   { "SIZE", TABLE_RIGHT },
		{ "NODE", TABLE_RIGHT },   { "POLICY", TABLE_LEFT }, { "MEMORY", TABLE_STACK },
		{ "SECTION", TABLE_CLIP }, { "STATUS", TABLE_LEFT },
	};
	_cleanup_free_ struct table_row *row = calloc(nr, sizeof(*row));
	_cleanup_free_ struct composed *composed = calloc(nr, sizeof(*composed));

	if (!row || !composed)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		row[i] = row_of(&entry[i], &composed[i]);
	table_print(stdout, columns, sizeof(columns) / sizeof(columns[0]), row, nr,
		    terminal_width(0), terminal_has_colour());
	if (status_has_drift(entry, nr))
		putchar('\n');
	print_drift(entry, nr);
	print_sections(entry, nr);
	return 0;
}

/* --- JSON ------------------------------------------------------------------- */

static struct json_object *json_memory(const struct status_entry *entry)
{
	struct json_object *object;
	struct block_counts counts = blocks_count(&entry->blocks);

	if (!entry->memory_is_known)
		return NULL;
	object = json_object_new_object();
	for (enum block_state state = 0; state < NR_BLOCK_STATES; state++) {
		if (counts.of[state])
			json_object_object_add(object, block_state_word(state),
					       json_object_new_uint64(counts.of[state]));
	}
	return object;
}

static struct json_object *json_config(const struct config_section *section)
{
	struct json_object *object;

	if (!section)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "section", json_text(section->name));
	json_object_object_add(object, "file", json_text(section->file));
	json_object_object_add(object, "line", json_object_new_uint64(section->line));
	json_object_object_add(object, "mode", json_text(status_wanted_mode(section)));
	json_object_object_add(object, "online_type",
			       section->has_policy ? json_text(policy_name(section->policy))
						   : NULL);
	return object;
}

/* Every key is always there; what the kernel does not tell is null. */
static struct json_object *json_entry(const struct status_entry *entry)
{
	const struct dax_device *device = &entry->device;
	struct json_object *object = json_object_new_object();
	struct json_object *drift = json_object_new_array();

	json_object_object_add(object, "chardev", json_text(device->name));
	json_object_object_add(object, "mode", json_text(dax_mode_name(device->mode)));
	json_object_object_add(object, "size", json_size(device->size, false));
	json_object_object_add(object, "target_node",
			       device->target_node >= 0 ? json_object_new_int(device->target_node)
							: NULL);
	json_object_object_add(object, "online_type",
			       device->online_type[0] ? json_text(device->online_type) : NULL);
	json_object_object_add(object, "memory", json_memory(entry));
	json_object_object_add(object, "config", json_config(entry->section));
	for (size_t i = 0; i < entry->drift.nr; i++)
		json_object_array_add(drift, json_text(entry->drift.text[i]));
	json_object_object_add(object, "drift", drift);
	return object;
}

int status_print_json(const struct status_entry *entry, size_t nr)
{
	struct json_object *array = json_object_new_array();

	if (!array)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		json_object_array_add(array, json_entry(&entry[i]));
	json_print_array(stdout, array, false);
	json_object_put(array);
	return 0;
}
