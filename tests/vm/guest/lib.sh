# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the machine's init and the tests: making the dax device, reading the
# state of its memory, and TAP. Sourced, after "set -euo pipefail". In the guest
# it is /usr/local/lib/vm/lib.sh. In the environment are MACHINE, DEVICE_BYTES and, for CXL,
# the sizes of the EXPANDERS.

dax_devices=/sys/bus/dax/devices
dax_drivers=/sys/bus/dax/drivers
memory=/sys/devices/system/memory

# fail MESSAGE...: gives up, with the reason on standard error.
fail()
{
	printf '%s\n' "$*" >&2
	exit 1
}

# wait_for PATTERN: waits until the only path that it matches exists, and prints
# it. The kernel enumerates many things after modprobe has returned.
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

# make_dax_device: makes dax0.0 of all the memory, through its driver. With several CXL
# expanders, dax1.0 of the second one, and so on.
make_dax_device()
{
	local sizes=(one) number

	case $MACHINE in
	cxl)
		read -ra sizes <<<"${EXPANDERS:-$DEVICE_BYTES}"
		make_cxl_regions "${sizes[@]}"
		;;
	hmem) echo hmem.0 >/sys/bus/platform/drivers/hmem/bind ;;
	pmem) make_pmem_namespace ;;
	esac
	for number in "${!sizes[@]}"; do
		wait_for "$dax_devices/dax$number.0" >/dev/null
	done
}

# destroy_dax_device: destroys it, with its region or namespace, and those of all expanders.
destroy_dax_device()
{
	case $MACHINE in
	cxl) destroy_cxl_regions ;;
	hmem) echo hmem.0 >/sys/bus/platform/drivers/hmem/unbind ;;
	pmem) ndctl destroy-namespace --force all ;;
	esac
	[[ ! -e $dax_devices/dax0.0 ]] || fail "dax0.0 is still there"
}

# cxl_decoder NUMBER: of the CXL expander behind the window of that number, /dev/cxl/mem0 or
# not: the kernel finds expanders in any order. The window names its host bridge, and the
# endpoint tells behind which bridge its expander is.
cxl_decoder()
{
	local devices=/sys/bus/cxl/devices target bridge endpoint attempt

	target=$(<"$(wait_for "$devices/decoder0.$1/target_list")")
	bridge=$(realpath "$devices/root0/dport$target") || fail "window $1 has no host bridge '$target'"
	for ((attempt = 0; attempt < 200; attempt++)); do
		for endpoint in "$devices"/endpoint*; do
			if [[ $(readlink -f "$endpoint/uport") = "$bridge"/* ]]; then
				wait_for "$endpoint/decoder*.0"
				return
			fi
		done
		sleep 0.1
	done
	fail "no expander appeared behind $bridge within 20 seconds"
}

# make_cxl_region BYTES NUMBER: volatile, on the CXL expander behind that window. cxl-cli 76.1
# makes none of that kind.
make_cxl_region()
{
	local size=$1 root name region decoder

	root=$(wait_for "/sys/bus/cxl/devices/decoder0.$2/create_ram_region")
	root=${root%/*}
	decoder=$(cxl_decoder "$2")
	# What it shall be called, says the kernel: region0 for the first one.
	read -r name <"$root/create_ram_region"
	region=$root/$name
	echo "$name" >"$root/create_ram_region"
	echo 256 >"$region/interleave_granularity"
	echo 1 >"$region/interleave_ways"
	echo ram >"$decoder/mode"
	echo "$size" >"$decoder/dpa_size"
	echo "$size" >"$region/size"
	basename "$decoder" >"$region/target0"
	echo 1 >"$region/commit"
	echo "$name" >/sys/bus/cxl/drivers/cxl_region/bind
}

# make_cxl_regions BYTES...: one on each expander.
make_cxl_regions()
{
	local size number=0

	for size; do
		make_cxl_region "$size" "$((number++))"
	done
}

destroy_cxl_regions()
{
	local devices=/sys/bus/cxl/devices region root name

	for region in "$devices"/region*; do
		root=$(realpath "$region/..")
		name=${region##*/}
		echo "$name" >/sys/bus/cxl/drivers/cxl_region/unbind
		echo 0 >"$region/commit"
		echo "$name" >"$root/delete_region"
		echo 0 >"$(cxl_decoder "${root##*.}")/dpa_size"
	done
}

# label_nvdimms: initialises the label areas, as namespaces need them.
label_nvdimms()
{
	ndctl disable-region -b ACPI.NFIT all
	ndctl init-labels -f -b ACPI.NFIT all
	ndctl enable-region -b ACPI.NFIT all
}

# make_pmem_namespace [NDCTL-OPTION...]: for devdax.
make_pmem_namespace()
{
	ndctl create-namespace --region=region0 --mode=devdax "$@" >/dev/null
}

# divide_device COUNT BYTES: instead of dax0.0 with all memory, dax0.0, dax0.1
# and so on with that much each. No driver may hold them, and kmem is not loaded.
divide_device()
{
	local count=$1 bytes=$2 index region

	if [[ $MACHINE = pmem ]]; then
		destroy_dax_device
		for ((index = 0; index < count; index++)); do
			make_pmem_namespace --size="$bytes"
		done
		return
	fi
	echo "$bytes" >"$dax_devices/dax0.0/size"
	region=$(realpath "$dax_devices/dax0.0")/../dax_region
	for ((index = 1; index < count; index++)); do
		echo 1 >"$region/create"
		echo "$bytes" >"$dax_devices/dax0.$index/size"
	done
}

# --- one device -------------------------------------------------------------

# Starting a program takes a hundred times as long on an emulated processor as reading
# an attribute: what is asked all the time does not start any.

policy_of()
{
	local policy

	policy=$(<"$dax_devices/$1/online_type")
	printf '%s\n' "$policy"
}

set_policy()
{
	echo "$2" >"$dax_devices/$1/online_type"
}

# driver_of DEVICE: kmem, device_dax, ... or none.
driver_of()
{
	local link driver=none

	for link in "$dax_drivers"/*/"$1"; do
		if [[ -e $link ]]; then
			driver=${link%/*}
			driver=${driver##*/}
		fi
	done
	printf '%s\n' "$driver"
}

unbind()
{
	echo "$1" >"$dax_devices/$1/driver/unbind"
}

# bind DEVICE DRIVER: "bind" accepts a device only if the driver lists its name or
# its kind; new_id adds the name to the list, and binds.
bind()
{
	local device=$1 driver=$2

	if ! echo "$device" 2>/dev/null >"$dax_drivers/$driver/bind"; then
		echo "$device" >"$dax_drivers/$driver/new_id"
	fi
	[[ $(driver_of "$device") = "$driver" ]] || fail "$device did not bind to $driver"
}

# move DEVICE DRIVER: unbinds the device from its driver and binds it to this one.
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
	local bytes mapping start end block blocks=()

	bytes=$(block_bytes)
	for mapping in "$dax_devices/$1"/mapping[0-9]*; do
		read -r start <"$mapping/start"
		read -r end <"$mapping/end"
		for ((block = (start + bytes - 1) / bytes; block < (end + 1) / bytes; block++)); do
			blocks+=("$block")
		done
	done
	((${#blocks[@]} == 0)) || printf '%s\n' "${blocks[@]}"
}

# first_block DEVICE: the first one of these.
first_block()
{
	local blocks

	mapfile -t blocks <<<"$(blocks_of "$1")"
	printf '%s\n' "${blocks[0]}"
}

# read_status NUMBER: sets $status to "absent", "offline", or "online ZONE".
read_status()
{
	local block=$memory/memory$1 zone

	if [[ ! -e $block ]]; then
		status=absent
		return
	fi
	read -r status <"$block/state"
	if [[ $status = online ]]; then
		read -r zone <"$block/valid_zones"
		status+=" $zone"
	fi
}

# block_status NUMBER: the same, printed.
block_status()
{
	local status

	read_status "$1"
	printf '%s\n' "$status"
}

# block_summary DEVICE: how many blocks are in which state and zone, as in
# "15 online Movable, 1 offline".
block_summary()
{
	local block blocks status lines=
	local -A count=()

	blocks=$(blocks_of "$1")
	for block in $blocks; do
		read_status "$block"
		count[$status]=$((${count[$status]:-0} + 1))
	done
	for status in "${!count[@]}"; do
		lines+=${lines:+$'\n'}"${count[$status]} $status"
	done
	if ((${#count[@]} > 1)); then
		lines=$(sort -rn <<<"$lines")
	fi
	printf '%s\n' "${lines//$'\n'/, }"
}

# all_blocks DEVICE STATUS: fails unless the device has blocks and all of them have
# this status.
all_blocks()
{
	local blocks

	mapfile -t blocks <<<"$(blocks_of "$1")"
	[[ ${blocks[0]} ]] || fail "$1 has no range as large as a memory block"
	expect "$(block_summary "$1")" "${#blocks[@]} $2"
}

# take_out DEVICE: unplugs the device's memory; it stays bound to kmem.
take_out()
{
	local block status

	# No "return" without a status: in a trap, that is the status from before the trap.
	if [[ -e $dax_devices/$1/state ]]; then
		echo unplugged >"$dax_devices/$1/state"
	else
		for block in $(blocks_of "$1"); do
			read_status "$block"
			if [[ $status = online* ]]; then
				echo offline >"$memory/memory$block/state"
			fi
		done
	fi
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

# has_unplugged: true if the kernel has that policy. Linux 6.12 does not: it has no
# state attribute to add the memory later.
has_unplugged()
{
	[[ $(uname -r) != 6.* ]]
}

# --- TAP --------------------------------------------------------------------

tap_count=0
tap_failed=0

# expect ACTUAL EXPECTED: fails unless they are equal.
expect()
{
	[[ $1 = "$2" ]] || fail "expected: $2, found: $1"
}

# ok DESCRIPTION COMMAND...: one test, passed if the command succeeds. A
# function runs under "set -e" and fails at the first statement that fails.
ok()
{
	# What follows a "#" would be a directive.
	local description=${1//#/} output status

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
