#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: daxctl-kernel-zone.sh TYPE, online or online_kernel
# daxctl reconfigure-device with a type that onlines in a kernel zone. On a node without
# other memory it may not go offline again, so this is the machine's last test.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

type=$1

puts_it_there()
{
	set_system_default offline
	daxctl reconfigure-device --online-type="$type" --mode=system-ram dax0.0 >/tmp/stdout
	expect "$(policy_of dax0.0)" "$type"
	all_blocks dax0.0 "online Normal"
	expect "$(jq -c '.[0] | [.online_type, .movable]' /tmp/stdout)" "[\"$type\",false]"
}

is_as_asked()
{
	daxctl reconfigure-device --online-type="$type" --mode=system-ram dax0.0 >/dev/null
	all_blocks dax0.0 "online Normal"
}

is_not_movable()
{
	local status=0

	daxctl reconfigure-device --online-type=movable --mode=system-ram dax0.0 2>/tmp/stderr || status=$?
	expect "$status" 240
	grep -q "are not in Movable: $(blocks_of dax0.0 | wc -l) Normal" /tmp/stderr
	all_blocks dax0.0 "online Normal"
}

# The directories of a tmpfs are the kernel's own, and do not move.
says_what_holds_it()
{
	local status=0

	mkdir -p /tmp/held
	mount -t tmpfs none /tmp/held
	numactl --membind="$(<"$dax_devices/dax0.0/target_node")" mkdir /tmp/held/{1..500}
	daxctl reconfigure-device --mode=devdax --force dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	expect "$status" 240
	grep -qE "dax0.0: the memory is in use, in memory block [0-9]+: [0-9]+ pages? of the kernel, which do not move" /tmp/stderr ||
		fail "it says: $(</tmp/stderr)"
	all_blocks dax0.0 "online Normal"
	expect "$(driver_of dax0.0)" kmem
	umount /tmp/held
}

ok "$type onlines every block in a kernel zone" puts_it_there
ok "$type has nothing to do the second time" is_as_asked
ok "online_movable reports that it is not in Movable" is_not_movable
ok "memory that does not come out stays, and a message says what holds it" says_what_holds_it
done_testing
