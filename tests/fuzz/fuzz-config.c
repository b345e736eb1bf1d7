// SPDX-License-Identifier: GPL-2.0-only
/* Configuration files of any content: no crash, and no section half understood. */
#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config_section *section)
{
	if (!section->file || !section->name)
		abort();
	if (!section->has_ours)
		return;
	if (!section->nvdimm_uuid && !section->dax_path && !section->has_cxl_serial &&
	    !section->has_dax_resource && !section->has_target_node)
		abort();
	if (section->has_policy && (section->has_online || section->has_movable))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { 0 };
	struct problem problem = { 0 };
	int rc = config_parse(&config, "fuzz.conf", (const char *)data, size, &problem);

	if ((rc < 0) != (problem.err < 0) || (rc < 0 && !problem.text[0]))
		abort();
	for (size_t i = 0; rc == 0 && i < config.nr; i++)
		check(&config.section[i]);
	config_free(&config);
	return 0;
}
