#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Not a test by itself: runs the commands of README's transcript in the machine and
# prints them with their output. tests/vm/transcript compares that with README.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# show COMMAND: prints the command line and its output, both streams. Its status is
# the result.
show()
{
	local status=0

	printf '# %s\n' "$1"
	bash -c "$1" 2>&1 || status=$?
	return "$status"
}

# must_fail COMMAND: the same for a command that has to fail.
must_fail()
{
	! show "$1" || fail "this command should have failed: $1"
}

node=$(<"$dax_devices/dax0.0/target_node")
# Two devices, as two expanders would be.
divide_device 2 $((DEVICE_BYTES / 2)) >/dev/null

show "cat $memory/auto_online_blocks"
must_fail 'daxctl reconfigure-device --mode=system-ram dax0.0'
show 'daxctl reconfigure-device --mode=system-ram --online-type=online_movable -v dax0.0 >/dev/null'
all_blocks dax0.0 "online Movable"
show 'daxctl reconfigure-device --mode=system-ram --online-type=online_kernel dax0.1 >/dev/null'
all_blocks dax0.1 "online Normal"
show 'lsmem --summary=never -o SIZE,STATE,NODE,ZONES'
# Kernel memory, and with it a page that keeps its block from going offline.
show "numactl --membind=$node mkdir -p /tmp/example/{1..500}"
show 'daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null'
all_blocks dax0.0 absent
must_fail "echo unplugged > $dax_devices/dax0.1/state"
all_blocks dax0.1 "online Normal"
