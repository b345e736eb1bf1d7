#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every step of a reconfiguration fails once, and then whenever it is tried. The
# mode, the policy and the memory of the device must be unchanged, and the message must
# name the device and the reason.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

number=$(blocks_of dax0.0 | wc -l)
attribute=$dax_devices/dax0.0/online_type
state=$dax_devices/dax0.0/state

situation()
{
	printf '%s with %s: %s\n' "$(driver_of dax0.0)" "$(policy_of dax0.0)" "$(block_summary dax0.0)"
}

# faulty INJECTION PATH ARGUMENT...: runs daxctl with that fault and prints its
# messages; its status is in $status.
faulty()
{
	local injection=$1 path=$2 filter=()

	shift 2
	if [[ -n $path ]]; then
		filter=(-P "$path")
	fi
	status=0
	strace -qq -f -o /tmp/trace "${filter[@]}" -e trace="${injection%%:*}" -e inject="$injection" \
		daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	grep -q INJECTED /tmp/trace || fail "that fault did not occur: $(</tmp/stderr)"
}

# stays INJECTION PATH STATUS ARGUMENT...
stays()
{
	local injection=$1 path=$2 expected=$3 before

	shift 3
	before=$(situation)
	faulty "$injection" "$path" "$@"
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
	expect "$(situation)" "$before"
	grep -q '^dax0.0: error: cannot .*: ' /tmp/stderr || fail "no reason: $(</tmp/stderr)"
	grep -q '^dax0.0: its mode is unchanged' /tmp/stderr || fail "no result: $(</tmp/stderr)"
	expect "$(</tmp/stdout)" ""
	expect "$(</sys/bus/dax/drivers_autoprobe)" 1
}

both() # STATEMENT ARGUMENTS-OF-STAYS...: the fault for once, and for good
{
	local statement=$1 injection=$2

	shift 2
	ok "$statement, once" stays "$injection:when=1" "$@"
	ok "$statement, whenever it is tried" stays "$injection" "$@"
}

movable=(--mode=system-ram --online-type=movable)
offline=(--mode=system-ram --online-type=offline)

unload_kmem()
{
	if [[ -e $dax_drivers/kmem ]]; then
		modprobe -r kmem
	fi
}

start_in_devdax()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1
	set_policy dax0.0 default
	unload_kmem
}

start_in_system_ram()
{
	daxctl reconfigure-device "${movable[@]}" --force dax0.0 >/dev/null 2>&1
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

# The verification cannot read a block: that is no reason to roll back.
cannot_verify()
{
	local block

	block=$(first_block dax0.0)
	faulty read:error=EIO "$memory/memory$block/valid_zones" "${movable[@]}"
	expect "$status" 64
	grep -q "1 of $number memory blocks is not in Movable: 1 unreadable" /tmp/stderr
	all_blocks dax0.0 "online Movable"
}

# Reading is not a step: the fault can come before the first, or behind the last.
is_either() # WHEN
{
	local before

	before=$(situation)
	faulty "readlink:error=EIO:when=$1" "$dax_devices/dax0.0/driver" "${movable[@]}"
	if [[ $status = 0 ]]; then
		all_blocks dax0.0 "online Movable"
		daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1
		set_policy dax0.0 offline
	else
		grep -q '^dax0.0: error: cannot read' /tmp/stderr || fail "no reason: $(</tmp/stderr)"
	fi
	expect "$(situation)" "$before"
}

start_in_devdax
both "devdax stays when the policy cannot be written" write:error=EIO "$attribute" 251 "${movable[@]}"
both "devdax stays when kmem cannot be loaded" finit_module,init_module:error=ENOEXEC "" 248 "${movable[@]}"
both "devdax stays when device_dax does not unbind" write:error=EIO "$dax_drivers/device_dax/unbind" 251 "${movable[@]}"
modprobe kmem
daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1 || fail "no way back to devdax"
set_policy dax0.0 offline
both "devdax stays when kmem does not bind" write:error=EIO "$dax_drivers/kmem/bind" 251 "${movable[@]}"
both "devdax stays when kmem runs out of memory" write:error=ENOMEM "$dax_drivers/kmem/bind" 244 "${movable[@]}"
ok "a policy alone stays when it cannot be written" stays write:error=EACCES "$attribute" 243 --online-type=movable
for when in 1 2 3 4 5; do
	ok "devdax stays when its driver cannot be read the $when. time, or all is done" is_either "$when"
done

start_in_system_ram
if [[ -e $state ]]; then
	both "system-ram stays when its memory cannot be unplugged" write:error=EBUSY "$state" 240 -f "${offline[@]}"
else
	block=$memory/memory$(blocks_of dax0.0 | sed -n 3p)/state
	both "system-ram stays when its third block cannot be offlined" write:error=EBUSY "$block" 240 -f "${offline[@]}"
fi
both "system-ram stays when kmem does not unbind" write:error=EIO "$dax_drivers/kmem/unbind" 251 -f "${offline[@]}"
both "system-ram stays when the policy cannot be written" write:error=EIO "$attribute" 251 -f "${offline[@]}"
both "system-ram stays when kmem does not bind again" write:error=EIO "$dax_drivers/kmem/bind" 251 -f "${offline[@]}"
ok "the memory is online in its former zone at the end" all_blocks dax0.0 "online Movable"

start_in_devdax
ok "a block that cannot be verified is counted, with status 64" cannot_verify
done_testing
