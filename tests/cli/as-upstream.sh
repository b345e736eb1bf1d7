#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever upstream daxctl takes for a device or a region, on a mocked /sys: what could
# lose memory there, or reach another device, is done by the extended daxctl, and what
# upstream refuses is refused. Upstream is a script here, which says that it was called.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

{
	region 0
	device 0 0 online_type=default
	device 0 1 online_type=online_movable
	region 1
	device 1 0 online_type=default
} >"$work/devices"

# relayed STATUS ARGUMENT...: RELAY must exit with that status.
relayed()
{
	local expected=$1 status=0

	shift
	: >"$RELAY_LINK.log"
	"$RELAY" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	stderr=$(<"$work/stderr")
	[[ $status = "$expected" ]] || fail "daxctl $*: exit status $status, not $expected: $stderr"
}

# upstream_ran COMMAND...: that is all that upstream was called for.
upstream_ran()
{
	expect "$(<"$RELAY_LINK.log")" "$*"
}

# Three blocks of dax0.0, which is kmem's, are online.
with_memory()
{
	local id

	for id in 32 33 34; do
		block "$id" online Movable
	done
	[[ -e $sys/devices/platform/hmem.0/dax0.0/driver ]] || bound dax0.0 kmem
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "$*" >>"$0.log"; exit 77'
}

states()
{
	awk 1 "$sys"/devices/system/memory/memory3[234]/state | xargs
}

its_names_are_known()
{
	local name

	for name in dax0.0 /dev/dax0.0 ./dax0.0 /sys/bus/dax/devices/dax0.0 x/0.0 \
		0.0 0.0x 00.0 +0.0 " 0.0" 0.00 4294967296.0; do
		with_memory
		relayed 0 offline-memory "$name"
		upstream_ran
		expect "$(states)" "offline offline offline"
		with_memory
		# There is no kernel behind this /sys: the memory does not go.
		relayed 64 destroy-device --force "$name"
		upstream_ran
		says "dax0.0: error: 3 of 8 memory blocks are not unplugged"
		relayed 240 reconfigure-device --mode=devdax --force "$name"
		upstream_ran
	done
}

its_regions_are_known()
{
	local region

	for region in 0 region0 region00 +0 00 0x "0 1" 0,1 0.0 4294967296 all; do
		with_memory
		relayed 0 offline-memory --region "$region" dax0.0
		upstream_ran
		expect "$(states)" "offline offline offline"
		with_memory
		relayed 64 destroy-device --force --region "$region" 0.0
		upstream_ran
	done
	with_memory
	for region in 1 region1 "9 0" region "" x0; do
		relayed 77 offline-memory --region "$region" dax0.0
		expect "$(states)" "online online online"
	done
}

a_second_name_is_refused()
{
	local command

	with_memory
	for command in offline-memory "destroy-device --force" "reconfigure-device --mode=devdax --force"; do
		# shellcheck disable=SC2086 # several words
		relayed 77 $command dax0.0 dax9.9
		upstream_ran "$command dax0.0 dax9.9"
		expect "$(states)" "online online online"
	done
}

no_movable_is_no_way_around()
{
	with_memory
	relayed 240 reconfigure-device --mode=devdax --no-movable --force dax0.0
	upstream_ran
	relayed 77 reconfigure-device --mode=devdax --no-online --force dax0.0
}

one_that_stays_keeps_no_other()
{
	with_memory
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "$*" >>"$0.log"'
	relayed 64 destroy-device --force all
	upstream_ran "destroy-device --force dax0.1
destroy-device --force dax1.0"
	says "dax0.0: error: 3 of 8 memory blocks are not unplugged"
	says "destroyed 2 devices"
}

policies()
{
	awk 1 "$sys"/bus/dax/devices/*/online_type | xargs
}

# In place of a kernel, upstream binds an unbound device.
siblings_stay_unbound()
{
	local drivers=$sys/bus/dax/drivers command driver

	for driver in device_dax kmem; do
		# shellcheck disable=SC2016 # for that program
		relay_to 'sys='"$sys"'; awk 1 "$sys"/bus/dax/devices/*/online_type | xargs >>"$0.log"
			ln -s ../../../../bus/dax/drivers/'$driver' "$sys/bus/dax/devices/dax0.1/driver"'
		for command in "enable-device dax0.0" "reconfigure-device --mode=system-ram dax0.0" "create-device -r 0"; do
			: | tee "$drivers"/{device_dax,kmem}/{unbind,remove_id}
			# shellcheck disable=SC2086 # several words
			relayed 0 $command
			# That of dax0.0 counts if dax0.0 is meant.
			[[ $(<"$RELAY_LINK.log") = *" offline offline" ]] || fail "$command: $(<"$RELAY_LINK.log")"
			expect "$(<"$drivers/$driver/unbind")" dax0.1
			expect "$(policies)" "default online_movable default"
			rm "$sys/bus/dax/devices/dax0.1/driver"
		done
	done
	relayed 0 enable-device all
	upstream_ran "default online_movable default"
	rm "$sys/bus/dax/devices/dax0.1/driver"
}

# become POLICIES: waits until the policies are these.
become()
{
	local try

	for try in {1..1200}; do
		[[ $(policies) != "$1" ]] || return 0
		sleep 0.1
	done
	fail "after ${try}00 ms: $(policies)"
}

# By the shield's guardian, which is a process of its own.
policies_are_restored_after_sigkill()
{
	# shellcheck disable=SC2016 # for that program
	relay_to 'awk 1 '"$sys"'/bus/dax/devices/*/online_type | xargs >>"$0.log"; kill -KILL $PPID'
	relayed 137 enable-device dax0.0
	[[ $(<"$RELAY_LINK.log") = *" offline offline" ]] || fail "$(<"$RELAY_LINK.log")"
	become "default online_movable default"
}

# Upstream, which SIGKILL does not reach, may write to new_id only now.
upstream_is_waited_for_after_sigkill()
{
	local drivers=$sys/bus/dax/drivers

	rm -f "$work/ends"
	# shellcheck disable=SC2016 # for that program
	relay_to 'kill -KILL $PPID; while [[ -d '"$work"' && ! -e '"$work"'/ends ]]; do sleep 0.1; done
		ln -s ../../../../bus/dax/drivers/kmem '"$sys"'/bus/dax/devices/dax0.1/driver'
	relayed 137 enable-device dax0.0
	: | tee "$drivers"/kmem/{unbind,remove_id}
	sleep 2
	expect "$(policies)" "default offline offline"
	touch "$work/ends"
	become "default online_movable default"
	expect "$(<"$drivers/kmem/unbind")" dax0.1
	[[ -s $drivers/kmem/remove_id ]] || fail "kmem may know dax0.0 by its name"
	rm "$sys/bus/dax/devices/dax0.1/driver"
}

# Completion asks for the names of the options at every TAB.
help_waits_for_nobody()
{
	local command option

	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "$*" >>"$0.log"; exit 77'
	for command in enable-device destroy-device online-memory; do
		for option in --list-opts -h --help; do
			: | tee "$sys"/bus/dax/drivers/{device_dax,kmem}/remove_id
			relayed 77 "$command" "$option"
			expect "$(cat "$sys"/bus/dax/drivers/{device_dax,kmem}/remove_id)" ""
		done
	done
}

export_functions
ok "a device is known by every name that upstream knows" on_system its_names_are_known
ok "a region is known by every name that upstream knows" on_system its_regions_are_known
ok "a second name is an error, and nothing is done for the first" on_system a_second_name_is_refused
ok "--no-movable does not lead around the way to devdax mode" on_system no_movable_is_no_way_around
ok "a device that cannot be destroyed keeps no other one from that" on_system one_that_stays_keeps_no_other
ok "whatever upstream binds, unbound siblings stay unbound" on_system siblings_stay_unbound
ok "the policies of unbound sibling devices are restored after SIGKILL" on_system policies_are_restored_after_sigkill
ok "after SIGKILL, upstream ends before unbound siblings lose their protection" \
	on_system upstream_is_waited_for_after_sigkill
ok "help and names of options change nothing" on_system help_waits_for_nobody
done_testing
