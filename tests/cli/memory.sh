#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# online-memory, offline-memory, destroy-device and create-device on a mocked /sys.
# Their effect on real memory is tests/vm/guest/daxctl-memory.sh's.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

{
	region 0
	device 0 0 online_type=default
	region 1
	device 1 0 online_type=default
} >"$work/devices"

# with_memory STATE ZONES: three blocks of dax0.0 exist like this. There is more than one
# zone for a block that is offline.
with_memory()
{
	local id

	for id in 32 33 34; do
		block "$id" "$1" "$2"
	done
}

states()
{
	local id

	for id in 32 33 34; do
		printf '%s ' "$(<"$sys/devices/system/memory/memory$id/state")"
	done
}

offlines()
{
	bound dax0.0 kmem
	with_memory online Movable
	run 0 offline-memory dax0.0
	says "offlined memory for 1 device"
	expect "$(states)" "offline offline offline "
	with_memory offline "Normal Movable"
	run 1 offline-memory dax0.0
	says "dax0.0: all memory sections (3) already offline"
}

onlines()
{
	bound dax0.0 kmem
	with_memory offline "Normal Movable"
	run 0 online-memory all
	says "onlined memory for 1 device"
	expect "$(states)" "online_movable online_movable online_movable "
	with_memory offline "Normal Movable"
	run 0 online-memory --no-movable -r 0 all
	expect "$(states)" "online_kernel online_kernel online_kernel "
	with_memory online Movable
	run 1 online-memory dax0.0
	says "dax0.0: all memory sections (3) already online"
}

# relayed ARGUMENT...: how RELAY ends.
relayed()
{
	local status=0

	"$RELAY" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	stdout=$(<"$work/stdout") stderr=$(<"$work/stderr")
	printf -v relay_status %s "$status"
}

# There is no kernel behind this /sys, so the unbind has no effect, and no device is lost.
destroys_only_what_let_go()
{
	bound dax0.0 kmem
	with_memory offline "Normal Movable"
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "called: $*"'
	relayed destroy-device --force dax0.0
	expect "$stdout" ""
	says "dax0.0: error: 3 of 8 memory blocks are not unplugged"
	says "destroyed 0 devices"
	((relay_status != 0))
	relayed destroy-device dax0.0
	expect "$stdout" "called: destroy-device dax0.0"
	relayed destroy-device --force dax1.0
	expect "$stdout" "called: destroy-device --force dax1.0"
}

creates()
{
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "$*" >>"$0.log"; echo "[{\"chardev\":\"dax0.0\",\"size\":1}]"'
	rm -f "$RELAY_LINK.log"
	relayed create-device -r 0 --size=1G --online-type=movable
	expect "$relay_status" 0
	expect "$(jq -r '.[0].online_type' <<<"$stdout")" online_movable
	says "created 1 device"
	expect "$(cat "$RELAY_LINK.log")" "create-device --region 0 --size 1G"
	rm "$RELAY_LINK.log"
}

destroys_what_cannot_have_its_policy()
{
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "$*" >>"$0.log"; echo "[{\"chardev\":\"dax7.7\"}]"'
	rm -f "$RELAY_LINK.log"
	relayed create-device --online-type=movable
	((relay_status != 0))
	says "dax7.7: it is destroyed again"
	expect "$(tail -n 1 "$RELAY_LINK.log")" "destroy-device --force dax7.7"
	rm "$RELAY_LINK.log"
	relay_to 'echo nonsense'
	relayed create-device --online-type=movable
	expect "$relay_status" 250
	says "did not say which device it made"
	relay_to 'exit 77'
	relayed create-device --online-type=movable
	expect "$relay_status" 77
}

# The signals arrive when upstream daxctl has made the device, before it says so.
leaves_no_device_without_a_policy()
{
	local signal

	for signal in TERM INT; do
		# shellcheck disable=SC2016 # for that program
		relay_to '[[ $1 = destroy-device ]] || kill -'$signal' $PPID $$
			echo "$*" >>"$0.log"; echo "[{\"chardev\":\"dax0.0\",\"size\":1}]"'
		rm -f "$RELAY_LINK.log"
		relayed create-device --mode=system-ram --online-type=movable
		expect "$relay_status" $((128 + $(kill -l "$signal")))
		says "dax0.0: it is destroyed again"
		expect "$(<"$RELAY_LINK.log")" "create-device
destroy-device --force dax0.0"
		expect "$(<"$sys/bus/dax/devices/dax0.0/online_type")" default
	done
	rm "$RELAY_LINK.log"
}

lists_policies()
{
	local words text

	run 0 reconfigure-device --online-type=help
	text=$stdout
	for words in --online-type=help "--online-type help -m system-ram -r 0" "-N --online-type=help"; do
		# shellcheck disable=SC2086 # several words
		run 0 create-device $words
		expect "$stdout" "$text"
		expect "$stderr" ""
	done
	run 129 create-device --online-type=help --bogus
}

refuses_what_does_not_go_with_a_policy()
{
	local option

	for option in --no-online --no-movable --check-config --mode=famfs dax0.0 --online-type=sideways --bogus \
		--no-online-type; do
		run 129 create-device --online-type=movable "$option"
		says "daxctl create-device: error: "
	done
	run 129 create-device -h
	says "--online-type <type>"
	run 130 create-device --list-opts
	[[ $stdout = *"--online-type "* ]]
}

export_functions
export RELAY_LINK
relay_to 'exit 0'
ok "offline-memory offlines what is online, and says what is offline already" on_system offlines
ok "online-memory puts what is offline into the zone that is asked for" on_system onlines
ok "destroy-device is left to upstream, once the memory is gone" on_system destroys_only_what_let_go
ok "create-device gives the new device its policy" on_system creates
ok "a new device that cannot have its policy is destroyed, and other failures are upstream's" \
	on_system destroys_what_cannot_have_its_policy
ok "a signal while the device is made leaves none without its policy" \
	on_system leaves_no_device_without_a_policy
ok "create-device --online-type=help lists the values" on_system lists_policies
ok "what contradicts a policy is refused as usage" on_system refuses_what_does_not_go_with_a_policy
done_testing
