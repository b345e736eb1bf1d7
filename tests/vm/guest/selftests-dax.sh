#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own tests of dax, from tools/testing/selftests, as they are, with
# those that leave the memory stuck until reboot.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

modprobe kmem
if [[ $(driver_of dax0.0) != kmem ]]; then
	move dax0.0 kmem
fi
DAX_KMEM_TEST_DEV=dax0.0 DAX_KMEM_TEST_UNBIND=1 exec dax/dax-kmem-hotplug.sh
