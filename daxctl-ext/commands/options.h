/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_OPTIONS_H
#define DAXCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Command lines as upstream daxctl reads them: options and arguments
 * in any order, "--x=y" and "--x y", clusters of short options, unique
 * abbreviations, "no-" to cancel an option (and no "no-" to cancel one whose
 * name begins with it), the last one wins.
 */

enum option_type {
	OPTION_FLAG,
	OPTION_VALUE,
	OPTION_OPTIONAL_VALUE, /* --x or --x=y, but not --x y */
};

struct option_spec {
	char short_name; /* or 0 */
	const char *long_name;
	enum option_type type;
	const char *value_name; /* for the usage text */
	const char *help;
	/*
	 * Not an option of upstream daxctl. An abbreviation means
	 * one of these only if it means none of upstream's.
	 */
	bool is_ours;
};

/* Options that several commands have, as upstream daxctl describes them; the last one is ours. */
#define SPEC_REGION  { 'r', "region", OPTION_VALUE, "region-id", "filter by region", false }
#define SPEC_HUMAN   { 'u', "human", OPTION_FLAG, NULL, "use human friendly number formats", false }
#define SPEC_VERBOSE { 'v', "verbose", OPTION_FLAG, NULL, "emit more debug messages", false }
#define SPEC_SIZE    { 's', "size", OPTION_VALUE, "size", "size to switch the device to", false }
#define SPEC_ALIGN                                                                                 \
	{ 'a', "align", OPTION_VALUE, "align", "alignment to switch the device to", false }
#define SPEC_INPUT { 0, "input", OPTION_VALUE, "input", "input device JSON file", false }
#define SPEC_MODE  { 'm', "mode", OPTION_VALUE, "mode", "mode to switch the device to", false }
#define SPEC_NO_ONLINE                                                                             \
	{ 'N', "no-online", OPTION_FLAG, NULL, "don't auto-online memory sections", false }
#define SPEC_FORCE                                                                                 \
	{ 'f',                                                                                     \
	  "force",                                                                                 \
	  OPTION_FLAG,                                                                             \
	  NULL,                                                                                    \
	  "attempt to offline memory sections before reconfiguration",                             \
	  false }
#define SPEC_CHECK_CONFIG                                                                          \
	{ 'C',                                                                                     \
	  "check-config",                                                                          \
	  OPTION_FLAG,                                                                             \
	  NULL,                                                                                    \
	  "use config files to determine parameters for the operation",                            \
	  false }
#define SPEC_NO_MOVABLE                                                                            \
	{ 0, "no-movable", OPTION_FLAG, NULL, "online memory in ZONE_NORMAL", false }
#define SPEC_ONLINE_TYPE                                                                           \
	{ 0,                                                                                       \
	  "online-type",                                                                           \
	  OPTION_VALUE,                                                                            \
	  "type",                                                                                  \
	  "policy for the memory: default, offline, online, online_kernel, "                       \
	  "online_movable, unplugged",                                                             \
	  true }

struct option_value {
	bool is_set;	   /* given, and not cancelled */
	const char *value; /* NULL for a flag */
};

#define OPTIONS_MAX 24

struct command_line {
	struct option_value option[OPTIONS_MAX]; /* one for each spec */
	const char **argument;			 /* what is not an option; free() it */
	size_t nr_arguments;
	bool *is_our_word; /* for each word: is it an option of ours? Likewise */
	bool has_ours;	   /* an option of ours occurs, even one that was cancelled */
	bool wants_help;   /* -h or --help; what follows it was not looked at */
	bool wants_manual; /* --help, that is, and not -h */
	bool lists_names;  /* --list-opts; likewise */
	char error[160];   /* the first mistake, or "" */
};

/*
 * Reads the arguments behind the command's name. The result is complete even
 * if there is a mistake in it, so that has_ours tells whose mistake it is.
 * Values point into @argv. Returns 0, -EINVAL (see error) or -ENOMEM.
 */
int options_parse(struct command_line *line, const struct option_spec *spec, size_t nr_specs,
		  int argc, char **argv);
void command_line_free(struct command_line *line);

/*
 * The whole command line of @argc words, of which options_parse() has got all but
 * the first two, without the options of ours. None of them may have a value of
 * its own. NULL: no memory; else the caller frees it, and not the words.
 */
char **options_without_ours(const struct command_line *line, int argc, char **argv);

/* Prints the usage text, in upstream's layout. */
void options_usage(FILE *stream, const char *synopsis, const struct option_spec *spec,
		   size_t nr_specs);

#define _cleanup_command_line_ __attribute__((cleanup(command_line_free)))

#endif
