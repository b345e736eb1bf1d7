#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/installed/run: it passes where all is well, fails where it is not, and leaves
# the machine as it was. Wants tests/ in the working directory.
# usage: installed.sh [TEST...], those that are to pass (all of them)

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

run=tests/installed/run
# A device of a test's own, beside one that nobody may touch, where they can be made.
device=dax0.0
neighbour=

state_of()
{
	printf '%s with %s: %s\n' "$(driver_of "$1")" "$(policy_of "$1")" "$(block_summary "$1")"
}

situation()
{
	state_of "$device"
	[[ ! $neighbour ]] || state_of "$neighbour"
	system_default
	ls -A /etc/daxctl.conf.d /tmp
	grep -c . /proc/self/mounts
}

# passes [TEST...]
passes()
{
	local before

	before=$(situation)
	"$run" --device "$device" "$@" >&2
	expect "$(situation)" "$before"
}

# restores DRIVER POLICY SYSTEM-DEFAULT
restores()
{
	release
	set_policy "$device" "$2"
	[[ $1 = none ]] || bind "$device" "$1"
	set_system_default "$3"
	passes daxctl-config
}

release()
{
	[[ $(driver_of "$device") != kmem ]] || take_out "$device"
	[[ $(driver_of "$device") = none ]] || unbind "$device"
}

refuses() # MESSAGE ARGUMENT...
{
	local message=$1 before status=0 output

	shift
	before=$(situation)
	output=$("$run" "$@" 2>&1) || status=$?
	expect "$status" 2
	[[ $output = *"$message"* ]] || fail "it does not say '$message' but: $output"
	expect "$(situation)" "$before"
}

refuses_system_ram()
{
	release
	modprobe kmem
	bind "$device" kmem
	refuses "the driver kmem has it" --device "$device" daxctl-config
	expect "$("$run" --find || echo none)" "${neighbour:-none}"
	release
	bind "$device" device_dax
}

refuses_what_is_open()
{
	local status=0

	exec 3<"/dev/$device"
	refuses "a process has" --device "$device" daxctl-config || status=$?
	exec 3<&-
	return "$status"
}

# As if the data had changed. The test leaves the device with kmem.
fails_when_data_is_lost()
{
	local before output status=0

	mkdir -p /usr/local/wrong
	# shellcheck disable=SC2016 # for that program
	printf '#!/bin/bash\necho $RANDOM$RANDOM\n' >/usr/local/wrong/md5sum
	chmod +x /usr/local/wrong/md5sum
	before=$(situation)
	output=$(PATH=/usr/local/wrong:$PATH "$run" --device "$device" kernel-offline) || status=$?
	expect "$status" 1
	[[ $output = *"    not ok 1 - single pages between free ones"*"not ok 1 - kernel-offline"* ]] ||
		fail "it says: $output"
	expect "$(situation)" "$before"
}

if [[ $MACHINE = hmem ]]; then
	move dax0.0 device_dax
	unbind dax0.0
	divide_device 2 $((1 << 30))
	device=dax0.1 neighbour=dax0.0
	move dax0.0 device_dax
	set_policy dax0.0 online_movable
fi
move "$device" device_dax
ok "it finds a device" expect "$("$run" --find)" dax0.0
ok "a device is to be named" refuses "--device is missing" daxctl-config
ok "one that is not there is refused" refuses "there is no such dax device" --device dax9.9
ok "one that a process has open is refused" refuses_what_is_open
ok "one that is system RAM is refused" refuses_system_ram
ok "upstream's daxctl is not taken for ours" env PATH=/usr/bin:/usr/sbin bash -c "
	$run --device $device 2>&1 | grep 'not the extended daxctl'"
ok "the tests pass, and everything is as before" passes "$@"
ok "a policy, a driver and a system default are restored" restores device_dax online_movable online_kernel
ok "a device without a driver is left without one" restores none offline online
ok "a test that fails is told, and everything is as before" fails_when_data_is_lost
done_testing
