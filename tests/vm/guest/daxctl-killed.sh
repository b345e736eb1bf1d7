#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: daxctl-killed.sh KILL|TERM [sibling]
# daxctl is killed (SIGKILL) before each of its system calls that touch sysfs or
# the kernel's modules, one after the other. The next run of the same command must
# succeed with the result of an undisturbed run. After a signal that can be caught,
# the change must be complete or rolled back.
#
# With "sibling", on a machine where kmem binds devices by name only, there is an
# unbound sibling device, which must not change.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

calls=openat,write,finit_module,init_module,readlink,flock,pipe2,clone,clone3

situation()
{
	printf '%s with %s: %s, autoprobe %s' "$(driver_of dax0.0)" "$(policy_of dax0.0)" \
		"$(block_summary dax0.0)" "$(</sys/bus/dax/drivers_autoprobe)"
	if [[ -e $dax_devices/dax0.1 ]]; then
		printf ', beside %s with %s: %s' "$(driver_of dax0.1)" "$(policy_of dax0.1)" \
			"$(block_summary dax0.1)"
	fi
}

free_device() # DEVICE
{
	if [[ $(driver_of "$1") != none ]]; then
		unbind "$1"
	fi
}

# add_sibling: makes it of the second half of the memory.
add_sibling()
{
	free_device dax0.0
	divide_device 2 $((DEVICE_BYTES / 2))
	free_device dax0.1
}

daxctl_quietly()
{
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr
}

in_devdax()
{
	daxctl_quietly --mode=devdax --force || daxctl_quietly --mode=devdax --force ||
		fail "no way back to devdax: $(</tmp/stderr)"
	set_policy dax0.0 default
	if [[ -e $dax_drivers/kmem ]]; then
		modprobe -r kmem
	fi
}

# With a device that no driver has, loading kmem needs drivers_autoprobe held.
disabled()
{
	in_devdax
	unbind dax0.0
}

in_system_ram()
{
	daxctl_quietly --online-type=movable --mode=system-ram --force ||
		fail "no way to system-ram: $(</tmp/stderr)"
}

# points START ARGUMENT...: prints the system calls of an undisturbed run, as "CALL
# NUMBER", from the lock on (before it nothing changes), without the reads of the
# single memory blocks and of what other processes have open.
points()
{
	"$1"
	shift
	strace -qq -o /tmp/trace -e trace="$calls" daxctl reconfigure-device "$@" dax0.0 >/dev/null 2>&1 ||
		fail "the undisturbed run failed"
	awk -F'(' '{ call = $1; count[call]++ }
		/flock/ { on = 1 }
		on && !/memory\/memory[0-9]+\/valid_zones".*RDONLY/ && !/\/proc\/[0-9]+\// { print call, count[call] }' /tmp/trace
}

# interrupted SIGNAL CALL NUMBER ARGUMENT...
interrupted()
{
	local signal=$1 call=$2 nth=$3

	shift 3
	# The shell reports killed children; they are expected here.
	{
		strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=$signal:when=$nth" \
			daxctl reconfigure-device "$@" dax0.0 >/dev/null 2>&1
	} 2>/dev/null || : "that is what it is for"
	# A guardian that outlives it needs a moment.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		if [[ $(</sys/bus/dax/drivers_autoprobe) = 1 ]]; then
			break
		fi
		sleep 0.1
	done
}

# recovers START EXPECTED ARGUMENT...
recovers()
{
	local start=$1 expected=$2 call nth

	shift 2
	points "$start" "$@" >/tmp/points
	(($(wc -l </tmp/points) >= 8)) || fail "too few points: $(</tmp/points)"
	while read -r call nth; do
		"$start"
		interrupted KILL "$call" "$nth" "$@"
		daxctl_quietly "$@" || fail "killed before $call $nth, then: $(</tmp/stderr)"
		[[ $(situation) = "$expected" ]] ||
			fail "killed before $call $nth: $(situation), not $expected"
	done </tmp/points
	printf '# %d points\n' "$(wc -l </tmp/points)" >&2
}

# is_either START EXPECTED ARGUMENT...
is_either()
{
	local start=$1 expected=$2 call nth before after

	shift 2
	points "$start" "$@" >/tmp/points
	while read -r call nth; do
		"$start"
		before=$(situation)
		interrupted TERM "$call" "$nth" "$@"
		after=$(situation)
		[[ $after = "$before" || $after = "$expected" ]] ||
			fail "SIGTERM before $call $nth: $after, neither $before nor $expected"
	done </tmp/points
}

movable=(--online-type=movable --mode=system-ram)
forced=(--online-type=offline --mode=system-ram --force)
out=(--mode=devdax --force)
beside=
if [[ ${2:-} = sibling ]]; then
	add_sibling
	beside=", beside none with default: $(blocks_of dax0.1 | wc -l) absent"
fi
number=$(blocks_of dax0.0 | wc -l)
in_devdax
online="kmem with online_movable: $number online Movable, autoprobe 1$beside"
offline="kmem with offline: $number offline, autoprobe 1$beside"

# The policy stays.
devdax="device_dax with online_movable: $number absent, autoprobe 1$beside"

case $1 in
KILL)
	ok "after SIGKILL anywhere on the way from devdax, the next run completes" recovers in_devdax "$online" "${movable[@]}"
	ok "after SIGKILL anywhere on the way from no driver, the next run completes" recovers disabled "$online" "${movable[@]}"
	ok "after SIGKILL anywhere on the way from system-ram, the next run completes" recovers in_system_ram "$offline" "${forced[@]}"
	ok "after SIGKILL anywhere on the way out of system-ram, the next run completes" recovers in_system_ram "$devdax" "${out[@]}"
	;;
TERM)
	ok "SIGTERM anywhere on the way from devdax: complete, or rolled back" is_either in_devdax "$online" "${movable[@]}"
	ok "SIGTERM anywhere on the way from no driver: complete, or rolled back" is_either disabled "$online" "${movable[@]}"
	ok "SIGTERM anywhere on the way from system-ram: complete, or rolled back" is_either in_system_ram "$offline" "${forced[@]}"
	ok "SIGTERM anywhere on the way out of system-ram: complete, or rolled back" is_either in_system_ram "$devdax" "${out[@]}"
	;;
esac
done_testing
