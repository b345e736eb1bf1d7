#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl --memmap-on-memory, on a kernel booted with
# memory_hotplug.memmap_on_memory=1.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

attribute=$dax_devices/dax0.0/memmap_on_memory

reconfigure() # STATUS ARGUMENT...
{
	local expected=$1 status=0

	shift
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
}

in_devdax_without() # with the memmap elsewhere
{
	reconfigure 0 --mode=devdax --force
	echo 0 >"$attribute"
}

alone()
{
	in_devdax_without
	reconfigure 0 --memmap-on-memory
	expect "$(<"$attribute") $(driver_of dax0.0)" "1 device_dax"
	reconfigure 0 --memmap-on-memory=off
	expect "$(<"$attribute")" 0
}

with_a_policy()
{
	in_devdax_without
	reconfigure 0 --memmap-on-memory=on --online-type=movable --mode=system-ram
	expect "$(<"$attribute") $(policy_of dax0.0)" "1 online_movable"
	all_blocks dax0.0 "online Movable"
}

bound()
{
	reconfigure 240 --memmap-on-memory=off
	grep -q "memmap_on_memory cannot change" /tmp/stderr
	reconfigure 240 --memmap-on-memory=off --mode=system-ram
	grep -q -e --force /tmp/stderr
	expect "$(<"$attribute")" 1
	reconfigure 0 --memmap-on-memory=off --mode=system-ram --force
	expect "$(<"$attribute")" 0
	all_blocks dax0.0 "online Movable"
}

rolled_back()
{
	in_devdax_without
	set_policy dax0.0 default
	strace -qq -o /tmp/trace -P "$dax_drivers/kmem/bind" -e trace=write -e inject=write:error=EIO \
		daxctl reconfigure-device --memmap-on-memory --online-type=movable --mode=system-ram dax0.0 \
		2>/tmp/stderr && fail "it succeeded"
	grep -q INJECTED /tmp/trace
	expect "$(<"$attribute") $(policy_of dax0.0) $(driver_of dax0.0)" "0 default device_dax"
}

ok "the attribute is set for the next bind" alone
ok "it is set together with a policy, and the memory comes online" with_a_policy
ok "while the memory is online it needs --force" bound
ok "it is rolled back like everything else" rolled_back
done_testing
