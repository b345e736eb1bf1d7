// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>

#include <libkmod.h>

#include "plan/module.h"

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

	ctx = kmod_new(NULL, NULL);
	if (!ctx)
		return -ENOMEM;
	/* What goes wrong is told by the caller, once, and with the device's name. */
	kmod_set_log_fn(ctx, NULL, NULL);
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
