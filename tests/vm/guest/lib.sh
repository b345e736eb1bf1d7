# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the machine's init and the guest tests share: making the dax device,
# asking where its memory is, and TAP. Sourced, after "set -euo pipefail".

dax_devices=/sys/bus/dax/devices
dax_drivers=/sys/bus/dax/drivers
memory=/sys/devices/system/memory

# fail MESSAGE...: gives up, with the reason on standard error.
fail()
{
	printf '%s\n' "$*" >&2
	exit 1
}

# wait_for PATH...: waits until the (only) path that a pattern names exists, and
# prints it. The kernel enumerates many things behind the back of modprobe.
wait_for()
{
	local attempt

	for ((attempt = 0; attempt < 200; attempt++)); do
		if compgen -G "$1"; then
			return 0
		fi
		sleep 0.1
	done
	fail "$1 did not appear within 20 seconds"
}

# --- making devices ---------------------------------------------------------

# make_cxl_region BYTES: a volatile region on the only CXL expander, with
# everything but dax drivers bound to it; prints its name. cxl-cli 76.1 makes
# none of that kind.
make_cxl_region()
{
	local size=$1 cxl=/sys/bus/cxl/devices root endpoint region

	root=$(wait_for "$cxl/decoder0.0/create_ram_region")
	root=${root%/*}
	endpoint=$(wait_for "$cxl/endpoint*/decoder*.0")
	region=$(<"$root/create_ram_region")
	echo "$region" >"$root/create_ram_region"
	echo 256 >"$cxl/$region/interleave_granularity"
	echo 1 >"$cxl/$region/interleave_ways"
	echo ram >"$endpoint/mode"
	echo "$size" >"$endpoint/dpa_size"
	echo "$size" >"$cxl/$region/size"
	echo "${endpoint##*/}" >"$cxl/$region/target0"
	echo 1 >"$cxl/$region/commit"
	echo "$region" >/sys/bus/cxl/drivers/cxl_region/bind
	printf '%s\n' "$region"
}

# destroy_cxl_region REGION: and whatever dax devices are on it.
destroy_cxl_region()
{
	local region=$1 cxl=/sys/bus/cxl/devices endpoint

	endpoint=$(compgen -G "$cxl/endpoint*/decoder*.0")
	echo "$region" >/sys/bus/cxl/drivers/cxl_region/unbind
	echo 0 >"$cxl/$region/commit"
	echo "$region" >"$cxl/decoder0.0/delete_region"
	echo 0 >"$endpoint/dpa_size"
}

# label_nvdimms: initialises the label areas, as namespaces need them.
label_nvdimms()
{
	ndctl disable-region -b ACPI.NFIT all
	ndctl init-labels -f -b ACPI.NFIT all
	ndctl enable-region -b ACPI.NFIT all
}

# make_pmem_namespace [NDCTL-OPTION...]: a devdax namespace.
make_pmem_namespace()
{
	ndctl create-namespace --mode=devdax "$@"
}

# --- one device -------------------------------------------------------------

policy_of()
{
	cat "$dax_devices/$1/online_type"
}

set_policy()
{
	echo "$2" >"$dax_devices/$1/online_type"
}

# driver_of DEVICE: kmem, device_dax, ... or none.
driver_of()
{
	local link=$dax_devices/$1/driver

	if [[ -e $link ]]; then
		basename "$(readlink "$link")"
	else
		echo none
	fi
}

unbind()
{
	echo "$1" >"$dax_devices/$1/driver/unbind"
}

# bind DEVICE DRIVER: "bind" takes a device only if the driver lists it or its
# kind; new_id adds it to the list, and binds.
bind()
{
	local device=$1 driver=$2

	if ! echo "$device" 2>/dev/null >"$dax_drivers/$driver/bind"; then
		echo "$device" >"$dax_drivers/$driver/new_id"
	fi
	[[ $(driver_of "$device") = "$driver" ]] || fail "$device did not bind to $driver"
}

# move DEVICE DRIVER: from whatever driver has it to this one.
move()
{
	if [[ $(driver_of "$1") != none ]]; then
		unbind "$1"
	fi
	bind "$1" "$2"
}

# --- its memory blocks ------------------------------------------------------

block_bytes()
{
	printf '%d\n' "0x$(<"$memory/block_size_bytes")"
}

# blocks_of DEVICE: the numbers of the memory blocks that fit whole into the
# device's ranges, which are those that kmem adds, whether they exist now or not.
blocks_of()
{
	local bytes mapping first last

	bytes=$(block_bytes)
	for mapping in "$dax_devices/$1"/mapping[0-9]*; do
		first=$((($(<"$mapping/start") + bytes - 1) / bytes))
		last=$((($(<"$mapping/end") + 1) / bytes - 1))
		seq "$first" "$last"
	done
}

# block_status NUMBER: "absent", "offline", or "online ZONE".
block_status()
{
	local block=$memory/memory$1 state

	if [[ ! -e $block ]]; then
		echo absent
		return
	fi
	state=$(<"$block/state")
	if [[ $state = online ]]; then
		state+=" $(<"$block/valid_zones")"
	fi
	printf '%s\n' "$state"
}

# block_summary DEVICE: how many blocks are in which state and zone, as in
# "15 online Movable, 1 offline".
block_summary()
{
	local block

	for block in $(blocks_of "$1"); do
		block_status "$block"
	done | sort | uniq -c | sort -rn |
		awk '{ $1 = $1; printf "%s%s", separator, $0; separator = ", " } END { print "" }'
}

# count_blocks DEVICE STATUS: how many of its blocks have this status, in the
# words of block_status.
count_blocks()
{
	local block count=0

	for block in $(blocks_of "$1"); do
		if [[ $(block_status "$block") = "$2" ]]; then
			count=$((count + 1))
		fi
	done
	printf '%d\n' "$count"
}

# all_blocks DEVICE STATUS: has every block of the device this status, and is
# there any?
all_blocks()
{
	local number

	number=$(blocks_of "$1" | wc -l)
	((number > 0)) || fail "$1 has no range as large as a memory block"
	expect "$(block_summary "$1")" "$number $2"
}

# take_out DEVICE: offlines and removes the device's memory; it stays with kmem.
take_out()
{
	local block

	if [[ -e $dax_devices/$1/state ]]; then
		echo unplugged >"$dax_devices/$1/state"
		return
	fi
	for block in $(blocks_of "$1"); do
		echo offline >"$memory/memory$block/state"
	done
}

# --- the system -------------------------------------------------------------

system_default()
{
	cat "$memory/auto_online_blocks"
}

set_system_default()
{
	echo "$1" >"$memory/auto_online_blocks"
}

# with_system_default VALUE COMMAND...: and puts back what was there.
with_system_default()
{
	local before status=0

	before=$(system_default)
	set_system_default "$1"
	shift
	"$@" || status=$?
	set_system_default "$before"
	return "$status"
}

# --- TAP --------------------------------------------------------------------

tap_count=0
tap_failed=0

# expect ACTUAL EXPECTED: are they the same?
expect()
{
	[[ $1 = "$2" ]] || fail "expected: $2, found: $1"
}

# ok DESCRIPTION COMMAND...: one test, passed if the command succeeds. A
# function runs as under "set -e": the first statement that fails, fails it.
ok()
{
	local description=$1 output status

	shift
	tap_count=$((tap_count + 1))
	set +e
	output=$(set -e; "$@" 2>&1)
	status=$?
	set -e
	if ((status == 0)); then
		printf 'ok %d - %s\n' "$tap_count" "$description"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$description"
		printf '%s\n' "$output" "exit status $status" | sed 's/^/# /'
	fi
}

# done_testing: the plan, once all tests have run. Without it, a script that
# ends early counts as failed.
done_testing()
{
	printf '1..%d\n' "$tap_count"
	((tap_failed == 0))
}
