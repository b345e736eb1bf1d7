// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libkmod.h>

#include "cleanup.h"
#include "plan/module.h"

/* What goes wrong is told by the caller, once, and with the device's name. */
static struct kmod_ctx *quiet_context(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (ctx)
		kmod_set_log_fn(ctx, NULL, NULL);
	return ctx;
}

/* A line "install" of modprobe.d is run; whether it loads the module is up to it. */
static int insert(struct kmod_module *module)
{
	int rc = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL,
						 NULL, NULL);

	if (rc > 0 || (rc < 0 && kmod_module_get_install_commands(module)))
		return -ECANCELED;
	return rc;
}

int module_load(const char *name)
{
	struct kmod_list *list = NULL, *item;
	struct kmod_ctx *ctx;
	int rc;

	ctx = quiet_context();
	if (!ctx)
		return -ENOMEM;
	rc = kmod_module_new_from_lookup(ctx, name, &list);
	if (rc == 0 && !list)
		rc = -ENOENT;
	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		if (rc == 0)
			rc = insert(module);
		kmod_module_unref(module);
	}
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	return rc;
}

/* --- the value of a parameter ------------------------------------------------ */

static bool is_of_word(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z');
}

/* Is it one of the words that end the description, as in "Policy: offline, online or default"? */
static bool is_listed(const char *description, const char *value)
{
	const char *colon = strrchr(description, ':');
	size_t length = strlen(value);

	for (const char *word = colon; word && length; word = strstr(word + 1, value)) {
		if (word != colon && !is_of_word(word[-1]) && !is_of_word(word[length]))
			return true;
	}
	return false;
}

/* The module describes the parameter, and not as one that can have this value. */
static bool refuses(struct kmod_module *module, const char *parameter, const char *value)
{
	size_t length = strlen(parameter);
	struct kmod_list *info = NULL, *item;
	bool refused = false;

	if (kmod_module_get_info(module, &info) < 0)
		return false;
	kmod_list_foreach(item, info)
	{
		const char *text = kmod_module_info_get_value(item);

		if (strcmp(kmod_module_info_get_key(item), "parm") == 0 &&
		    strncmp(text, parameter, length) == 0 && text[length] == ':')
			refused = !is_listed(text, value);
	}
	kmod_module_info_free_list(info);
	return refused;
}

/* The kernel loads the module only if it knows each value that is given. */
static char *find_refused(struct kmod_module *module, const char *parameter, char *options)
{
	size_t length = strlen(parameter);
	char *rest;

	for (char *word = strtok_r(options, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (strncmp(word, parameter, length) == 0 && word[length] == '=' &&
		    refuses(module, parameter, word + length + 1))
			return word + length + 1;
	}
	return NULL;
}

int module_refused_value(const char *name, const char *parameter, char **value)
{
	_cleanup_free_ char *options = NULL;
	struct kmod_module *module = NULL;
	struct kmod_ctx *ctx = quiet_context();
	const char *text, *found = NULL;
	int rc;

	*value = NULL;
	if (!ctx)
		return -ENOMEM;
	rc = kmod_module_new_from_name(ctx, name, &module);
	text = rc == 0 ? kmod_module_get_options(module) : NULL;
	if (text) {
		options = strdup(text);
		if (options)
			found = find_refused(module, parameter, options);
		else
			rc = -ENOMEM;
	}
	if (found) {
		*value = strdup(found);
		if (!*value)
			rc = -ENOMEM;
	}
	kmod_module_unref(module);
	kmod_unref(ctx);
	return rc;
}
