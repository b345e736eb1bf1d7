// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "config/config.h"

#define SECTION	      "reconfigure-device"
#define MAX_FILE_SIZE (1 << 20)

/* Where the parser is. */
struct parser {
	struct config *config;
	const char *file;
	unsigned int line;
	struct problem *problem;
	enum {
		NO_SECTION, /* none has begun, or its name could not be read */
		OTHER_SECTION,
		WANTED_SECTION,
	} place;
	bool has_failed;
};

/* Only the first mistake is told. */
static void complain(struct parser *parser, const char *reason, const char *about)
{
	if (!parser->has_failed)
		problem_set(parser->problem, -EINVAL, "correct that line; nothing was changed",
			    "%s:%u: %s%s%.60s%s", parser->file, parser->line, reason,
			    *about ? " '" : "", about, *about ? "'" : "");
	parser->has_failed = true;
}

/*
 * What is a mistake only beside a key of ours, which may still follow: in the
 * distribution's own sections, it ignores these.
 */
static void doubt(struct parser *parser, const char *reason, const char *about)
{
	struct config_section *section = &parser->config->section[parser->config->nr - 1];

	if (section->doubt.line)
		return;
	section->doubt.line = parser->line;
	section->doubt.reason = reason;
	section->doubt.about = strdup(about);
}

/* --- lines ---------------------------------------------------------------- */

/* Takes the blanks off both ends of a text, in place. */
static char *strip(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text;
}

/* A value may be quoted; otherwise a comment may follow it. */
static char *strip_value(struct parser *parser, char *value)
{
	char quote = *value, *end;

	if (quote == '"' || quote == '\'') {
		end = strchr(value + 1, quote);
		if (!end) {
			complain(parser, "the quote does not end", "");
			return value;
		}
		*end++ = '\0';
		end += strspn(end, " \t\r");
		if (*end && *end != '#' && *end != ';')
			complain(parser, "something follows the quoted value", "");
		return value + 1;
	}
	for (end = value; *end; end++) {
		if ((*end == '#' || *end == ';') &&
		    (end == value || isblank((unsigned char)end[-1])))
			break;
	}
	*end = '\0';
	return strip(value);
}

static char *copy(struct parser *parser, const char *text)
{
	char *result = strdup(text);

	if (!result)
		complain(parser, "out of memory", "");
	return result;
}

static void begin_section(struct parser *parser, char *text)
{
	struct config *config = parser->config;
	struct config_section *sections;
	char *end = strchr(text, ']'), *name;

	parser->place = NO_SECTION;
	if (!end || (*strip(end + 1) && !strchr("#;", *strip(end + 1)))) {
		complain(parser, "a section is [NAME] on a line of its own", "");
		return;
	}
	*end = '\0';
	name = strip(text + 1);
	parser->place = OTHER_SECTION;
	if (strncasecmp(name, SECTION, strlen(SECTION)) != 0)
		return;
	name += strlen(SECTION);
	if (*name && !isblank((unsigned char)*name))
		return;
	sections = reallocarray(config->section, config->nr + 1, sizeof(*sections));
	if (!sections) {
		complain(parser, "out of memory", "");
		return;
	}
	config->section = sections;
	sections[config->nr++] = (struct config_section){
		.file = copy(parser, parser->file),
		.line = parser->line,
		.name = copy(parser, strip(name)),
	};
	parser->place = WANTED_SECTION;
}

/* --- values --------------------------------------------------------------- */

static void take_text(struct parser *parser, char **field, const char *value)
{
	if (!*value)
		doubt(parser, "a value is missing", "");
	free(*field);
	*field = copy(parser, value);
}

static void take_number(struct parser *parser, bool *has, uint64_t *field, const char *value)
{
	char *end;

	errno = 0;
	*field = strtoull(value, &end, 0);
	if (!isdigit((unsigned char)*value) || *end || errno)
		complain(parser, "this is no number:", value);
	*has = true;
}

static void take_boolean(struct parser *parser, bool *has, bool *field, const char *value)
{
	/* As the distribution reads it; what is neither is as if it were not there. */
	*field = *value && strchr("tTyY1", *value);
	*has = *field || (*value && strchr("fFnN0", *value));
	if (!*has)
		doubt(parser, "this is neither true nor false:", value);
}

static void take_policy(struct parser *parser, struct config_section *section, const char *value)
{
	if (policy_from_user(value, &section->policy) < 0)
		complain(parser, "this is no online type:", value);
	section->has_policy = true;
}

/* Also those that no version has: nobody else's begin like that. */
static bool is_our_key(const char *key)
{
	return strncmp(key, "dax.", 4) == 0 || strncmp(key, "cxl.", 4) == 0 ||
	       strncmp(key, "online_", 7) == 0 || strncmp(key, "online-", 7) == 0;
}

static void take_our_value(struct parser *parser, struct config_section *section, const char *key,
			   const char *value)
{
	if (strcmp(key, "online-type") == 0)
		take_policy(parser, section, value);
	else if (strcmp(key, "cxl.serial") == 0)
		take_number(parser, &section->has_cxl_serial, &section->cxl_serial, value);
	else if (strcmp(key, "dax.resource") == 0)
		take_number(parser, &section->has_dax_resource, &section->dax_resource, value);
	else if (strcmp(key, "dax.target_node") == 0)
		take_number(parser, &section->has_target_node, &section->target_node, value);
	else if (strcmp(key, "dax.path") == 0)
		take_text(parser, &section->dax_path, value);
	else
		complain(parser, "there is no such key:", key);
	section->has_ours = true;
	parser->config->has_ours = true;
}

static void take_value(struct parser *parser, const char *key, const char *value)
{
	struct config *config = parser->config;
	struct config_section *section = &config->section[config->nr - 1];

	if (is_our_key(key))
		take_our_value(parser, section, key, value);
	else if (strcmp(key, "nvdimm.uuid") == 0)
		take_text(parser, &section->nvdimm_uuid, value);
	else if (strcmp(key, "mode") == 0)
		take_text(parser, &section->mode, value);
	else if (strcmp(key, "online") == 0)
		take_boolean(parser, &section->has_online, &section->online, value);
	else if (strcmp(key, "movable") == 0)
		take_boolean(parser, &section->has_movable, &section->movable, value);
	else
		doubt(parser, "there is no such key:", key);
}

static void parse_line(struct parser *parser, char *line)
{
	char *text = strip(line), *equals;

	if (!*text || *text == '#' || *text == ';')
		return;
	if (*text == '[') {
		begin_section(parser, text);
		return;
	}
	equals = strchr(text, '=');
	if (!equals || equals == text) {
		complain(parser, "this is neither a section nor KEY = VALUE:", text);
		return;
	}
	*equals = '\0';
	text = strip(text);
	for (char *at = text; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (parser->place == WANTED_SECTION) {
		take_value(parser, text, strip_value(parser, strip(equals + 1)));
	} else if (parser->place == NO_SECTION && is_our_key(text)) {
		complain(parser, "this key is in no section [" SECTION " NAME]:", text);
		parser->config->has_ours = true;
	}
}

/* What only the whole section shows. */
static void check_section(struct parser *parser, const struct config_section *section)
{
	bool has_condition = section->nvdimm_uuid || section->dax_path || section->has_cxl_serial ||
			     section->has_dax_resource || section->has_target_node;

	if (!section->has_ours)
		return;
	if (section->doubt.line) {
		parser->line = section->doubt.line;
		complain(parser, section->doubt.reason,
			 section->doubt.about ? section->doubt.about : "");
	}
	parser->line = section->line;
	if (!has_condition)
		complain(parser, "this section names no device (nvdimm.uuid, cxl.serial, dax.*):",
			 section->name);
	if (!section->has_policy)
		return;
	if (section->mode && strcmp(section->mode, "system-ram") != 0)
		complain(parser, "online-type goes with mode = system-ram, not with",
			 section->mode);
	if (section->has_online || section->has_movable)
		complain(parser, "online-type replaces online and movable in section",
			 section->name);
}

int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct problem *problem)
{
	struct parser parser = { .config = config, .file = file, .problem = problem };
	size_t first = config->nr;
	const char *end = text + length;

	if (memchr(text, '\0', length)) {
		complain(&parser, "this is no text file", "");
		return -EINVAL;
	}
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);
		_cleanup_free_ char *line = strndup(text, size);

		parser.line++;
		if (!line)
			complain(&parser, "out of memory", "");
		else
			parse_line(&parser, line);
		text += size + 1;
	}
	for (size_t i = first; i < config->nr; i++)
		check_section(&parser, &config->section[i]);
	return parser.has_failed ? -EINVAL : 0;
}

/* --- files ---------------------------------------------------------------- */

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int read_file(struct config *config, const char *path, struct problem *problem)
{
	_cleanup_fclose_ FILE *stream = fopen(path, "re");
	_cleanup_free_ char *text = malloc(MAX_FILE_SIZE + 1);
	size_t length;

	if (!text || !stream)
		return problem_set(problem, -errno, NULL, "cannot read %s: %s", path,
				   strerror(errno));
	length = fread(text, 1, MAX_FILE_SIZE + 1, stream);
	if (ferror(stream))
		return problem_set(problem, -EIO, NULL, "cannot read %s: %s", path, strerror(EIO));
	if (length > MAX_FILE_SIZE)
		return problem_set(problem, -EFBIG, NULL, "%s is larger than %d bytes", path,
				   MAX_FILE_SIZE);
	return config_parse(config, path, text, length, problem);
}

int config_read(struct config *config, const char *directory, struct problem *problem)
{
	struct problem later;
	struct dirent **entry;
	int nr, rc = 0;

	*config = (struct config){ 0 };
	nr = scandir(directory, &entry, is_conf, alphasort);
	if (nr < 0 && errno == ENOENT)
		return 0;
	if (nr < 0)
		return problem_set(problem, -errno, NULL, "cannot read %s: %s", directory,
				   strerror(errno));
	for (int i = 0; i < nr; i++) {
		_cleanup_free_ char *path = NULL;
		int err;

		if (asprintf(&path, "%s/%s", directory, entry[i]->d_name) < 0) {
			path = NULL;
			err = problem_set(rc ? &later : problem, -ENOMEM, NULL, "out of memory");
		} else {
			err = read_file(config, path, rc ? &later : problem);
		}
		if (rc == 0)
			rc = err;
		free(entry[i]);
	}
	free(entry);
	return rc;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->nr; i++) {
		struct config_section *section = &config->section[i];

		free(section->file);
		free(section->name);
		free(section->nvdimm_uuid);
		free(section->dax_path);
		free(section->mode);
		free(section->doubt.about);
	}
	free(config->section);
	*config = (struct config){ 0 };
}

/* --- conditions ----------------------------------------------------------- */

/* The namespace is the parent of the dax device. */
static bool has_uuid(const struct sysfs *sysfs, const char *name, const char *uuid)
{
	char text[64];

	return sysfs_read(sysfs, text, sizeof(text), DAX_DEVICES "/%s/../uuid", name) > 0 &&
	       strcasecmp(text, uuid) == 0;
}

static bool has_path(const struct sysfs *sysfs, const char *name, const char *glob)
{
	_cleanup_free_ char *path = NULL;

	return sysfs_resolve(sysfs, &path, DAX_DEVICES "/%s", name) == 0 &&
	       fnmatch(glob, path, 0) == 0;
}

/* A CXL region is the parent of the parent of the dax device; it has a decoder per target. */
static bool has_serial(const struct sysfs *sysfs, const char *name, uint64_t serial)
{
	for (unsigned int target = 0;; target++) {
		char decoder[64];
		uint64_t number;

		if (sysfs_read(sysfs, decoder, sizeof(decoder), DAX_DEVICES "/%s/../../target%u",
			       name, target) <= 0)
			return false;
		if (strncmp(decoder, "decoder", 7) != 0 || strchr(decoder, '/'))
			continue;
		/* Decoder, endpoint, and the memory device above that. */
		if (sysfs_read_number(sysfs, &number, 0, "bus/cxl/devices/%s/../uport/serial",
				      decoder) == 0 &&
		    number == serial)
			return true;
	}
}

bool config_section_matches(const struct config_section *section, const struct sysfs *sysfs,
			    const struct dax_device *device)
{
	bool has_condition = false;
	uint64_t resource;

	if (section->has_target_node) {
		has_condition = true;
		if (device->target_node < 0 ||
		    section->target_node != (uint64_t)device->target_node)
			return false;
	}
	if (section->has_dax_resource) {
		has_condition = true;
		if (sysfs_read_number(sysfs, &resource, 0, DAX_DEVICES "/%s/resource",
				      device->name) < 0 ||
		    resource != section->dax_resource)
			return false;
	}
	if (section->dax_path) {
		has_condition = true;
		if (!has_path(sysfs, device->name, section->dax_path))
			return false;
	}
	if (section->nvdimm_uuid) {
		has_condition = true;
		if (!has_uuid(sysfs, device->name, section->nvdimm_uuid))
			return false;
	}
	if (section->has_cxl_serial) {
		has_condition = true;
		if (!has_serial(sysfs, device->name, section->cxl_serial))
			return false;
	}
	return has_condition;
}
