// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "config/config.h"
#include "config/keys.h"

#define SECTION "reconfigure-device"

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

__attribute__((format(printf, 4, 0))) static void describe(const struct parser *parser,
							   struct problem *problem,
							   const char *advice, const char *format,
							   va_list args)
{
	char reason[200], remedy[280];

	vsnprintf(reason, sizeof(reason), format, args);
	snprintf(remedy, sizeof(remedy), "%s; nothing was changed", advice);
	problem_set(problem, -EINVAL, remedy, "%s:%u: %s", parser->file, parser->line, reason);
}

/* Only the first mistake is told. */
__attribute__((format(printf, 3, 4))) static void
complain(struct parser *parser, const char *advice, const char *format, ...)
{
	va_list args;

	if (!parser->has_failed) {
		va_start(args, format);
		describe(parser, parser->problem, advice, format, args);
		va_end(args);
	}
	parser->has_failed = true;
}

/*
 * What is a mistake only beside an extension key, which may still follow: in its own
 * sections, upstream ignores these.
 */
__attribute__((format(printf, 3, 4))) static void doubt(struct parser *parser, const char *advice,
							const char *format, ...)
{
	struct config_section *section = &parser->config->section[parser->config->nr - 1];
	va_list args;

	if (section->doubt)
		return;
	section->doubt = calloc(1, sizeof(*section->doubt));
	if (!section->doubt) {
		complain(parser, "try again", "out of memory");
		return;
	}
	va_start(args, format);
	describe(parser, section->doubt, advice, format, args);
	va_end(args);
}

/* --- lines ---------------------------------------------------------------- */

/* Takes the whitespace off both ends of a text, in place. */
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
			complain(parser, "correct that line", "the closing quote is missing");
			return value;
		}
		*end++ = '\0';
		end += strspn(end, " \t\r");
		if (*end && *end != '#' && *end != ';')
			complain(parser, "correct that line", "something follows the quoted value");
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
		complain(parser, "try again", "out of memory");
	return result;
}

static void begin_section(struct parser *parser, char *text)
{
	struct config *config = parser->config;
	struct config_section *sections;
	char *end = strchr(text, ']'), *name;

	parser->place = NO_SECTION;
	if (!end || (*strip(end + 1) && !strchr("#;", *strip(end + 1)))) {
		complain(parser, "correct that line",
			 "a section begins with [NAME] on a line of its own");
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
		complain(parser, "try again", "out of memory");
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
		doubt(parser, "correct that line", "the value is missing");
	free(*field);
	*field = copy(parser, value);
}

/* Decimal, or hexadecimal behind 0x: what begins with 0 is octal to some, and decimal to others. */
static void take_number(struct parser *parser, bool *has, uint64_t *field, const char *value)
{
	bool is_hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	const char *digits = is_hex ? value + 2 : value;
	size_t length = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
	char advice[120];

	*has = true;
	if (!length || digits[length]) {
		complain(parser, "write it in decimal, or in hexadecimal with 0x in front",
			 "'%.60s' is not a number", value);
		return;
	}
	if (!is_hex && value[0] == '0' && value[1]) {
		digits += strspn(digits, "0");
		digits -= !*digits;
		snprintf(advice, sizeof(advice),
			 "write %.24s if it is decimal, or 0x%.24s if it is "
			 "hexadecimal",
			 digits, digits);
		complain(parser, advice, "the leading 0 makes '%.60s' ambiguous", value);
		return;
	}
	errno = 0;
	*field = strtoull(digits, NULL, is_hex ? 16 : 10);
	if (errno)
		complain(parser, "correct that line", "'%.60s' is too large", value);
}

static void take_boolean(struct parser *parser, bool *has, bool *field, const char *value)
{
	/* As upstream reads it; what is neither is as if it were not there. */
	*field = *value && strchr("tTyY1", *value);
	*has = *field || (*value && strchr("fFnN0", *value));
	if (!*has)
		doubt(parser, "write true or false", "'%.60s' is neither true nor false", value);
}

static void take_policy(struct parser *parser, struct config_section *section, const char *value)
{
	char advice[120];

	section->has_policy = true;
	if (policy_from_user(value, &section->policy) == 0)
		return;
	snprintf(advice, sizeof(advice), "use one of %s", policy_names);
	complain(parser, advice, "invalid online type '%.60s'", value);
}

static void take_memmap(struct parser *parser, struct config_section *section, const char *value)
{
	section->has_memmap = true;
	section->memmap_on_memory = strcmp(value, "on") == 0;
	if (!section->memmap_on_memory && strcmp(value, "off") != 0)
		complain(parser, "memmap_on_memory is on or off", "'%.60s' is neither on nor off",
			 value);
}

static void take_unknown(struct parser *parser, const char *key)
{
	const char *meant = config_key_suggest(key);
	bool is_ours = config_key_is_ours(key);
	char advice[240];

	if (meant)
		snprintf(advice, sizeof(advice), "did you mean '%s'?", meant);
	else
		snprintf(advice, sizeof(advice), "use one of %s", config_key_names);
	if (is_ours)
		complain(parser, advice, "unknown key '%.60s'", key);
	else
		doubt(parser, advice, "unknown key '%.60s'", key);
}

/* Only the last value would count: two serial numbers do not mean "either". */
static void check_repetition(struct parser *parser, struct config_section *section,
			     enum config_key key, const char *name)
{
	static const char advice[] = "remove one of the lines, or write a section for each device";
	const unsigned int bit = 1u << key;

	if (section->keys & bit && config_key_is_ours(name))
		complain(parser, advice, "the key '%.60s' is given twice in this section", name);
	else if (section->keys & bit)
		doubt(parser, advice, "the key '%.60s' is given twice in this section", name);
	section->keys |= bit;
}

static void take_value(struct parser *parser, const char *name, const char *value)
{
	struct config *config = parser->config;
	struct config_section *section = &config->section[config->nr - 1];
	enum config_key key = config_key_find(name);

	if (config_key_is_ours(name))
		section->has_ours = config->has_ours = true;
	if (key != CONFIG_KEY_UNKNOWN)
		check_repetition(parser, section, key, name);
	switch (key) {
	case CONFIG_KEY_NVDIMM_UUID:
		take_text(parser, &section->nvdimm_uuid, value);
		break;
	case CONFIG_KEY_MODE:
		take_text(parser, &section->mode, value);
		break;
	case CONFIG_KEY_ONLINE:
		take_boolean(parser, &section->has_online, &section->online, value);
		break;
	case CONFIG_KEY_MOVABLE:
		take_boolean(parser, &section->has_movable, &section->movable, value);
		break;
	case CONFIG_KEY_ONLINE_TYPE:
		take_policy(parser, section, value);
		break;
	case CONFIG_KEY_MEMMAP_ON_MEMORY:
		take_memmap(parser, section, value);
		break;
	case CONFIG_KEY_CXL_SERIAL:
		take_number(parser, &section->has_cxl_serial, &section->cxl_serial, value);
		break;
	case CONFIG_KEY_DAX_RESOURCE:
		take_number(parser, &section->has_dax_resource, &section->dax_resource, value);
		break;
	case CONFIG_KEY_DAX_TARGET_NODE:
		take_number(parser, &section->has_target_node, &section->target_node, value);
		break;
	case CONFIG_KEY_DAX_PATH:
		take_text(parser, &section->dax_path, value);
		break;
	case CONFIG_KEY_UNKNOWN:
		take_unknown(parser, name);
		break;
	}
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
		complain(parser, "correct that line",
			 "this is neither a section nor KEY = VALUE: '%.60s'", text);
		return;
	}
	*equals = '\0';
	text = strip(text);
	for (char *at = text; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (parser->place == WANTED_SECTION) {
		take_value(parser, text, strip_value(parser, strip(equals + 1)));
	} else if (parser->place == NO_SECTION && config_key_is_ours(text)) {
		complain(parser, "put it below a line [" SECTION " NAME]",
			 "the key '%.60s' is in no section", text);
		parser->config->has_ours = true;
	}
}

/* What only the whole section shows. */
static void check_section(struct parser *parser, const struct config_section *section)
{
	bool has_condition = section->nvdimm_uuid || section->dax_path || section->has_cxl_serial ||
			     section->has_dax_resource || section->has_target_node;
	const char *key = section->has_policy ? "online_type" : "memmap_on_memory";

	if (!section->has_ours)
		return;
	if (section->doubt) {
		if (!parser->has_failed)
			*parser->problem = *section->doubt;
		parser->has_failed = true;
	}
	parser->line = section->line;
	if (!has_condition)
		complain(parser,
			 "add nvdimm.uuid, cxl.serial, dax.resource, dax.target_node or "
			 "dax.path",
			 "section '%.60s' does not say which device it is about", section->name);
	if (!section->has_policy && !section->has_memmap)
		return;
	if (section->mode && strcmp(section->mode, "system-ram") != 0)
		complain(parser, "remove one of them",
			 "%s goes with mode = system-ram, not with '%.60s'", key, section->mode);
	if (section->has_online || section->has_movable)
		complain(parser,
			 "remove online and movable, or use online_type = offline or "
			 "online_kernel",
			 "%s does not go with online and movable in section '%.60s'", key,
			 section->name);
}

int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct problem *problem)
{
	struct parser parser = { .config = config, .file = file, .problem = problem };
	size_t first = config->nr;
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);
		_cleanup_free_ char *line = strndup(text, size);

		parser.line++;
		if (!line)
			complain(&parser, "try again", "out of memory");
		else if (strlen(line) < size)
			complain(&parser, "correct that line", "there is a NUL byte");
		else
			parse_line(&parser, line);
		text += size + 1;
	}
	for (size_t i = first; i < config->nr; i++)
		check_section(&parser, &config->section[i]);
	return parser.has_failed ? -EINVAL : 0;
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
		free(section->doubt);
	}
	free(config->section);
	*config = (struct config){ 0 };
}
