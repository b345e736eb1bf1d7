#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One of the kernel's dax tests, from tools/testing/selftests, unmodified, including the
# parts that leave memory online until reboot.
# usage: selftests-dax.sh TEST

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

modprobe kmem
if [[ $(driver_of dax0.0) != kmem ]]; then
	move dax0.0 kmem
fi
export DAX_KMEM_TEST_DEV=dax0.0 DAX_KMEM_TEST_UNBIND=1 DAX_KMEM_TEST_KERNEL_ZONE=1
exec "dax/$1"
