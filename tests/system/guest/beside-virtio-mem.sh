#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Beside a virtio-mem device: its memory comes online as the system has it for all, the dax device's
# as its section says. Needs the files of unplugged and sections, and --virtio-mem.
#
# usage: beside-virtio-mem.sh SIZE ZONE, which the memory of virtio-mem has, in MiB, and gets into

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

# summary_of_virtio_mem: prints how many blocks its memory has in which state and zone.
summary_of_virtio_mem()
{
	local bytes start end block status

	bytes=$(block_bytes)
	sed -n 's/^ *\(.*\)-\(.*\) : System RAM (virtio_mem)$/0x\1 0x\2/p' /proc/iomem |
		while read -r start end; do
			for ((block = start / bytes; block < (end + 1) / bytes; block++)); do
				read_status "$block"
				printf '%s\n' "$status"
			done
		done | sort | uniq -c | awk '{ $1 = $1 } 1'
}

# The driver adds one block after the other.
virtio_mem_is_online()
{
	local attempt expected

	expected="$(($1 * 1048576 / $(block_bytes))) online $2"
	for ((attempt = 0; attempt < 1200; attempt++)); do
		[[ $(summary_of_virtio_mem) != "$expected" ]] || break
		sleep 0.1
	done
	expect "$(summary_of_virtio_mem)" "$expected"
}

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem online_movable"
	all_blocks dax0.0 "online Movable"
}

policy_does_not_reach_it()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0
	daxctl reconfigure-device --mode=system-ram --online-type=offline dax0.0
	wait_until_quiet
	virtio_mem_is_online "$@"
}

ok "boot $BOOT: all memory of virtio-mem is online, in $2" virtio_mem_is_online "$@"
ok "boot $BOOT: every block of the dax device is in ZONE_MOVABLE" all_movable
ok "boot $BOOT: no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
ok "boot $BOOT: devices, nodes and memory are as in the first boot" same_as_before state system_state
if [[ $BOOT = "$BOOTS" ]]; then
	ok "what the dax device goes through does not reach virtio-mem" policy_does_not_reach_it "$@"
fi
boot_done
