#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What ndctl's own tests expect of daxctl, without any extension option: changes of mode,
# memory online and offline, devices made and resized in a region, famfs mode on Linux 7.3.
# Whatever the version of libdaxctl.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# does ARGUMENT...: daxctl, which must succeed.
does()
{
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || fail "daxctl $*: status $?: $(</tmp/stderr)"
}

refuses()
{
	if daxctl "$@" >/tmp/stdout 2>/tmp/stderr; then
		fail "daxctl $* succeeded: $(</tmp/stdout)"
	fi
}

# mode DEVICE: as daxctl list tells it.
mode()
{
	daxctl list -d "$1" | jq -er '.[].mode'
}

becomes() # MODE OPTION...
{
	does reconfigure-device -m "$@" dax0.0
	expect "$(mode dax0.0)" "$1"
}

# --- modes and memory ---------------------------------------------------------

there_and_back()
{
	becomes system-ram -N
	all_blocks dax0.0 offline
	does online-memory dax0.0
	all_blocks dax0.0 "online Movable"
	does offline-memory dax0.0
	all_blocks dax0.0 offline
	becomes devdax
	all_blocks dax0.0 absent
	becomes system-ram
	all_blocks dax0.0 "online Movable"
	refuses reconfigure-device -m devdax dax0.0
	all_blocks dax0.0 "online Movable"
	becomes devdax -f
	all_blocks dax0.0 absent
}

keeps_the_namespace()
{
	local namespace

	namespace=$(ndctl list | jq -er '.[].dev // .dev')
	becomes system-ram
	if ndctl disable-namespace "$namespace" >/dev/null 2>&1; then
		fail "the namespace is disabled, and its memory online"
	fi
	all_blocks dax0.0 "online Movable"
	becomes devdax -f
}

# Upstream would lose its memory until it is bound again, and fail.
is_destroyed_with_its_namespace_only()
{
	local namespace

	namespace=$(ndctl list | jq -er '.[].dev // .dev')
	becomes system-ram
	refuses destroy-device --force dax0.0
	grep -q "then ndctl destroy-namespace --force $namespace\$" /tmp/stderr || fail "no remedy: $(</tmp/stderr)"
	all_blocks dax0.0 "online Movable"
	becomes devdax -f
}

no_online_against_the_system_default()
{
	set_system_default online
	refuses reconfigure-device -N -m system-ram dax0.0
	set_system_default offline
	expect "$(mode dax0.0)" devdax
	all_blocks dax0.0 absent
}

# --- famfs ----------------------------------------------------------------------

famfs_and_back()
{
	local mode

	for mode in famfs famfs devdax devdax; do
		becomes "$mode"
	done
}

famfs_from_system_ram()
{
	becomes system-ram -N
	refuses reconfigure-device -m famfs dax0.0
	expect "$(mode dax0.0)" system-ram
	all_blocks dax0.0 offline
	becomes devdax -f
	becomes famfs
	becomes devdax
}

no_such_mode()
{
	becomes famfs
	refuses reconfigure-device -m sideways dax0.0
	expect "$(mode dax0.0)" famfs
	becomes devdax
}

# --- devices of a region --------------------------------------------------------

# available: how much of the region belongs to no device; 0 is not told.
available()
{
	daxctl list -r 0 | jq -r '.[0].available_size // 0'
}

# resize DEVICE BYTES: no driver may hold it then.
resize()
{
	if [[ $(driver_of "$1") != none ]]; then
		does disable-device "$1"
	fi
	does reconfigure-device -s "$2" "$1"
}

# create [BYTES]: sets $created.
create()
{
	does create-device -r 0 ${1:+-s "$1"}
	created=$(jq -er '.[].chardev' /tmp/stdout)
	expect "$(mode "$created")" devdax
}

destroy()
{
	does disable-device "$1"
	does destroy-device "$1"
	[[ ! -e $dax_devices/$1/size || $(<"$dax_devices/$1/size") = 0 ]] || fail "$1 is still there"
}

# has DEVICE MAPPINGS BYTES: the sum of the mappings' sizes is the device's.
has()
{
	local mapping start end bytes=0 number=0

	for mapping in "$dax_devices/$1"/mapping[0-9]*; do
		read -r start <"$mapping/start"
		read -r end <"$mapping/end"
		bytes=$((bytes + end - start + 1))
		number=$((number + 1))
	done
	expect "$number mappings, $bytes bytes" "$2 mappings, $3 bytes"
	expect "$(daxctl list -d "$1" | jq '.[0].size')" "$3"
}

all_of_the_region()
{
	resize dax0.0 0
	expect "$(available)" "$DEVICE_BYTES"
	create
	has "$created" 1 "$DEVICE_BYTES"
	expect "$(available)" 0
	destroy "$created"
	expect "$(available)" "$DEVICE_BYTES"
}

# fills_a_hole FIRST: dax0.0 has the first quarter, or a new device if it is to have none.
fills_a_hole()
{
	local quarter=$((DEVICE_BYTES / 4)) first hole last device

	if [[ $1 = dax0.0 ]]; then
		resize dax0.0 "$quarter"
		first=dax0.0
	else
		create "$quarter"
		first=$created
	fi
	create "$quarter"
	hole=$created
	create "$quarter"
	last=$created
	destroy "$hole"
	create $((2 * quarter))
	has "$created" 2 $((2 * quarter))
	has "$first" 1 "$quarter"
	has "$last" 1 "$quarter"
	expect "$(available)" 0
	for device in "$created" "$last"; do
		destroy "$device"
	done
	if [[ $first = dax0.0 ]]; then
		resize dax0.0 0
	else
		destroy "$first"
	fi
	expect "$(available)" "$DEVICE_BYTES"
}

# Two that grow by turns have a range for each step.
grow_by_turns()
{
	local eighth=$((DEVICE_BYTES / 8)) step other

	resize dax0.0 "$eighth"
	create "$eighth"
	other=$created
	for step in 2 3 4; do
		resize dax0.0 $((step * eighth))
		resize "$other" $((step * eighth))
	done
	has dax0.0 4 $((4 * eighth))
	has "$other" 4 $((4 * eighth))
	expect "$(available)" 0
	does destroy-device "$other"
	resize dax0.0 0
	expect "$(available)" "$DEVICE_BYTES"
}

# Towards the beginning it takes a second range, towards the end the same one.
grow_into_what_is_free()
{
	local quarter=$((DEVICE_BYTES / 4)) device devices=() number

	for number in 1 2 3 4; do
		create "$quarter"
		has "$created" 1 "$quarter"
		devices+=("$created")
	done
	destroy "${devices[0]}"
	destroy "${devices[3]}"
	resize "${devices[1]}" $((2 * quarter))
	has "${devices[1]}" 2 $((2 * quarter))
	resize "${devices[2]}" $((2 * quarter))
	has "${devices[2]}" 1 $((2 * quarter))
	expect "$(available)" 0
	for device in "${devices[1]}" "${devices[2]}"; do
		does destroy-device "$device"
	done
	expect "$(available)" "$DEVICE_BYTES"
}

set_system_default offline
does reconfigure-device -m devdax dax0.0
ok "from devdax to system-ram and back, with memory onlined and offlined in between" there_and_back
ok "-N is refused where the system default would online the memory" no_online_against_the_system_default
if has_unplugged; then
	ok "to famfs and devdax, also from there" famfs_and_back
	ok "from system-ram, famfs is reached through devdax" famfs_from_system_ram
	ok "an unknown mode is refused" no_such_mode
fi
if [[ $MACHINE = pmem ]]; then
	ok "a namespace whose memory is in use cannot be disabled" keeps_the_namespace
	ok "a device is destroyed with its namespace only" is_destroyed_with_its_namespace_only
else
	ok "a device of the whole region" all_of_the_region
	ok "a device fills a hole and the end, behind the region's first one" fills_a_hole dax0.0
	ok "a device fills a hole and the end, where the first one is empty" fills_a_hole other
	ok "two devices that grow by turns" grow_by_turns
	ok "devices grow into what is free before and behind them" grow_into_what_is_free
	resize dax0.0 "$DEVICE_BYTES"
fi
done_testing
