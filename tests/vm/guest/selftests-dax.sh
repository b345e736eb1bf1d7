#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own tests of dax, from tools/testing/selftests, as they are.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

modprobe kmem
if [[ $(driver_of dax0.0) != kmem ]]; then
	move dax0.0 kmem
fi
DAX_KMEM_TEST_DEV=dax0.0 exec dax/dax-kmem-hotplug.sh
