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

# A device without a size to change is that of a pmem namespace.
destroys_no_part_of_a_namespace()
{
	bound dax0.0 kmem
	with_memory online Movable
	chmod a-w "$sys/bus/dax/devices/dax0.0/size"
	echo namespace1.0 >"$sys/devices/platform/hmem.0/namespace"
	# shellcheck disable=SC2016 # for that program
	relay_to 'echo "called: $*"'
	relayed destroy-device --force dax0.0
	expect "$relay_status" 250
	expect "$stdout" ""
	expect "$stderr" "dax0.0: error: it cannot be destroyed by itself: it is all of a namespace, and its size is fixed
dax0.0: use daxctl reconfigure-device --mode=devdax --force dax0.0, then ndctl destroy-namespace --force namespace1.0
error destroying devices: No such device or address
destroyed 0 devices"
	expect "$(states)" "online online online "
	expect "$(<"$sys/bus/dax/drivers/kmem/unbind")" ""
}

# upstream_destroys COMMAND: in place of a kernel, upstream unbinds dax0.0, and ends like
# this. It was kmem's, without memory.
upstream_destroys()
{
	rm -f "$sys/bus/dax/devices/dax0.0/driver"
	bound dax0.0 kmem
	: >"$sys/bus/dax/drivers/kmem/bind"
	relay_to "sys=$sys
		rm $sys/bus/dax/devices/dax0.0/driver
		$1"
	relayed destroy-device --force dax0.0
}

binds_what_upstream_did_not_destroy()
{
	upstream_destroys 'echo "error destroying devices: this" >&2; exit 77'
	expect "$relay_status" 77
	expect "$(<"$sys/bus/dax/drivers/kmem/bind")" dax0.0
	says "error destroying devices: this
dax0.0: error: $RELAY_LINK did not destroy it"
	# Nothing binds it here.
	says "dax0.0: could not roll everything back"
	# shellcheck disable=SC2016 # for that program
	upstream_destroys 'kill -TERM $$'
	expect "$relay_status" 143
	expect "$(<"$sys/bus/dax/drivers/kmem/bind")" dax0.0
	# Without a size, nothing is left to bind.
	upstream_destroys 'resize dax0.0 0; exit 77'
	expect "$relay_status" 77
	expect "$stderr" ""
	expect "$(<"$sys/bus/dax/drivers/kmem/bind")" ""
	resize dax0.0 1073741824
	upstream_destroys 'echo "destroyed 1 device" >&2'
	expect "$relay_status" 0
	expect "$stderr" "destroyed 1 device"
}

# resize DEVICE SIZE
resize()
{
	echo "$2" >"$sys/bus/dax/devices/$1/size"
}

# make DEVICE [DRIVER]: as upstream daxctl makes one of a seed.
make()
{
	resize "$1" 1073741824
	bound "$1" "${2:-device_dax}"
}

# unmake DEVICE
unmake()
{
	[[ -e $work/keeps ]] || resize "$1" 0
}

# upstream_makes COMMANDS: what create-device of RELAY's upstream does, after both devices
# have become seeds.
upstream_makes()
{
	local region

	for region in 0 1; do
		resize "dax$region.0" 0
		rm -f "$sys/devices/platform/hmem.$region/dax$region.0/driver"
	done
	rm -f "$RELAY_LINK.log"
	# It has the functions of this script.
	relay_to "sys=$sys
		echo \"\$*\" >>\"\$0.log\"
		case \$1 in
		create-device) $1 ;;
		destroy-device) unmake \"\$3\" ;;
		esac"
}

# creates STATUS ARGUMENT...: create-device of RELAY, with a policy.
creates()
{
	local expected=$1

	shift
	relayed create-device --online-type=movable "$@"
	[[ $relay_status = "$expected" ]] || fail "exit status $relay_status, not $expected: $stderr"
}

# policies: those of both devices.
policies()
{
	grep -h . "$sys"/bus/dax/devices/dax{0,1}.0/online_type | paste -sd' '
}

logged()
{
	expect "$(<"$RELAY_LINK.log")" "$1"
}

creates_a_device()
{
	upstream_makes 'make dax0.0; echo "[{\"chardev\":\"dax0.0\",\"size\":1}]"; echo "created 1 device" >&2'
	creates 0 -r 0 --size=1G
	expect "$(jq -c '.[] | [.chardev, .mode, .online_type]' <<<"$stdout")" '["dax0.0","devdax","online_movable"]'
	expect "$stderr" "created 1 device"
	expect "$(policies)" "online_movable default"
	logged "create-device --region 0 --size 1G"
}

creates_one_in_each_region()
{
	upstream_makes 'make dax0.0; make dax1.0
		echo "[{\"chardev\":\"dax1.0\",\"size\":1}]"; echo "created 2 devices" >&2'
	creates 0
	expect "$(jq -c '[.[] | .chardev, .online_type]' <<<"$stdout")" \
		'["dax0.0","online_movable","dax1.0","online_movable"]'
	expect "$stderr" "created 2 devices"
	expect "$(policies)" "online_movable online_movable"
	logged "create-device"
}

holds_the_lock()
{
	touch "$sys/bus/dax/drivers_probe"
	upstream_makes "make dax0.0; flock --nonblock $sys/bus/dax/drivers_probe echo unlocked >&2 || true"
	creates 0
	expect "$stderr" "created 1 device"
}

keeps_what_was_made_before_a_failure()
{
	upstream_makes 'make dax1.0
		printf "%s\n" "dax0.0: a message" "error creating devices: No space left on device" \
			"created 1 device" >&2
		exit 228'
	creates 228
	expect "$(jq -c '[.[] | .chardev, .online_type]' <<<"$stdout")" '["dax1.0","online_movable"]'
	expect "$stderr" "dax0.0: a message
error creating devices: No space left on device
created 1 device"
	expect "$(policies)" "default online_movable"
	logged "create-device"
}

# It has a size, and the driver is what failed.
destroys_what_is_half_made()
{
	upstream_makes 'make dax0.0; resize dax1.0 4096; exit 250'
	creates 250
	expect "$(jq -r '.[].chardev' <<<"$stdout")" dax0.0
	says "dax1.0: error: $RELAY_LINK failed before it was complete
dax1.0: it is destroyed again
created 1 device"
	expect "$(policies)" "online_movable default"
	logged "create-device
destroy-device --force dax1.0"
}

destroys_what_cannot_have_its_policy()
{
	local status

	for status in 0 228; do
		upstream_makes "make dax0.0; make dax1.0; exit $status"
		rm -f "$sys/bus/dax/devices/dax0.0/online_type"
		creates 161
		says "dax0.0: it is destroyed again"
		says "created 1 device"
		expect "$(jq -c '[.[] | .chardev, .online_type]' <<<"$stdout")" '["dax1.0","online_movable"]'
		logged "create-device
destroy-device --force dax0.0"
	done
	upstream_makes 'make dax0.0'
	touch "$work/keeps"
	creates 161
	says "dax0.0: it is still there, and not as asked; try again with daxctl destroy-device --force dax0.0"
	expect "$stdout" ""
	says "created 0 devices"
}

# The memory of what kmem has bound meanwhile has to go first. Nothing does that here.
destroys_no_memory()
{
	upstream_makes 'make dax0.0 kmem'
	rm "$sys/bus/dax/devices/dax0.0/online_type"
	with_memory online Movable
	creates 161
	says "dax0.0: error: 3 of 8 memory blocks are not unplugged"
	says "dax0.0: it is still there"
	logged "create-device"
}

leaves_failures_to_upstream()
{
	upstream_makes 'echo "error creating devices: this" >&2; exit 77'
	creates 77
	expect "$stderr" "error creating devices: this
created 0 devices"
	expect "$stdout" ""
	upstream_makes 'echo nonsense'
	creates 250
	says "$RELAY_LINK reported success, but there is no new device"
	says "created 0 devices"
	expect "$stdout" ""
}

# Somebody else makes it meanwhile.
leaves_other_regions_alone()
{
	upstream_makes 'make dax0.0; make dax1.0'
	creates 0 --region=1
	expect "$(jq -r '.[].chardev' <<<"$stdout")" dax1.0
	expect "$(policies)" "default online_movable"
	logged "create-device --region 1"
}

# The signals arrive when upstream daxctl has made the devices, before it says so.
leaves_no_device_without_a_policy()
{
	local signal

	for signal in TERM INT; do
		upstream_makes "make dax0.0; make dax1.0; kill -$signal \$PPID \$\$"
		creates $((128 + $(kill -l "$signal"))) --mode=system-ram
		says "dax0.0: error: interrupted by a signal
dax1.0: error: interrupted by a signal"
		says "dax0.0: it is destroyed again"
		says "dax1.0: it is destroyed again"
		says "created 0 devices"
		expect "$stdout" ""
		logged "create-device
destroy-device --force dax0.0
destroy-device --force dax1.0"
		expect "$(policies)" "default default"
	done
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

# Upstream would make a device in the first one only.
refuses_several_regions()
{
	local region

	upstream_makes 'make dax0.0'
	for region in "0 1" "region0 region1" "0 all"; do
		creates 129 --region="$region"
		says "'$region' is not one region"
	done
	for region in 0,1 0-1 0x0 4294967296 ""; do
		creates 129 --region="$region"
		says "'$region' is not a list of regions"
	done
	[[ ! -e $RELAY_LINK.log ]] || fail "upstream ran: $(<"$RELAY_LINK.log")"
}

export_functions
export RELAY_LINK
relay_to 'exit 0'
ok "offline-memory offlines what is online, and says what is offline already" on_system offlines
ok "online-memory puts what is offline into the zone that is asked for" on_system onlines
ok "destroy-device is left to upstream, once the memory is gone" on_system destroys_only_what_let_go
ok "a device that is all of a namespace keeps its memory" on_system destroys_no_part_of_a_namespace
ok "kmem gets a device again that upstream did not destroy" on_system binds_what_upstream_did_not_destroy
ok "create-device gives the new device its policy" on_system creates_a_device
ok "create-device gives each new device its policy" on_system creates_one_in_each_region
ok "no other daxctl changes a device while one is made" on_system holds_the_lock
ok "what was made before another region failed has its policy" on_system keeps_what_was_made_before_a_failure
ok "a new device that upstream did not complete is destroyed" on_system destroys_what_is_half_made
ok "a new device that cannot have its policy is destroyed" on_system destroys_what_cannot_have_its_policy
ok "a new device with memory is not destroyed before that is gone" on_system destroys_no_memory
ok "create-device fails as upstream does, or if there is no new device" on_system leaves_failures_to_upstream
ok "a new device in a region that was not asked for stays as it is" on_system leaves_other_regions_alone
ok "create-device takes one region" on_system refuses_several_regions
ok "a signal while devices are made leaves none without its policy" \
	on_system leaves_no_device_without_a_policy
ok "create-device --online-type=help lists the values" on_system lists_policies
ok "what contradicts a policy is refused as usage" on_system refuses_what_does_not_go_with_a_policy
done_testing
