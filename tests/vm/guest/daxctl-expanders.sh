#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two CXL expanders: a section is about the expander with its serial number, whichever
# of them is dax0.0 after a boot. tests/vm/expanders-test boots twice for that.
#
# usage: daxctl-expanders.sh save            both have sections; prints them
#        daxctl-expanders.sh changed NUMBER  they have changed places: with what the boot before
#                                            saved, after its NUMBER of tests
#        daxctl-expanders.sh alike           both have the same serial number, or none

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

directory=/etc/daxctl.conf.d
saved=$directory/50-saved.conf

# run STATUS ARGUMENT...: daxctl, with that exit status.
run()
{
	local expected=$1 status=0

	shift
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(cat /tmp/stdout /tmp/stderr)"
}

says()
{
	grep -qF -e "$1" /tmp/stderr || fail "it does not say '$1' but: $(</tmp/stderr)"
}

# serial_of DEVICE: of the expander that its region is on.
serial_of()
{
	local decoder

	read -r decoder <"$(realpath "$dax_devices/$1")/../../target0"
	cat "/sys/bus/cxl/devices/$decoder/../uport/serial"
}

# device_of SERIAL
device_of()
{
	local device

	for device in dax0.0 dax1.0; do
		if [[ $(serial_of "$device") = "$1" ]]; then
			printf '%s\n' "$device"
		fi
	done
}

# the_first_is SERIAL: and each has the device with its size and a node of its own.
the_first_is()
{
	expect "$(serial_of dax0.0)" "$1"
	expect "$(<"$dax_devices/$(device_of 0xbeef)/size") $(<"$dax_devices/$(device_of 0xc0ffee)/size")" \
		"$((512 << 20)) $((256 << 20))"
	[[ $(<"$dax_devices/dax0.0/target_node") != "$(<"$dax_devices/dax1.0/target_node")" ]] ||
		fail "they are on the same node"
}

# sections_and_drift: what status knows of each serial.
sections_and_drift()
{
	local serial

	daxctl status --json >/tmp/status 2>/tmp/stderr || [[ $? = 64 ]] || fail "$(</tmp/stderr)"
	for serial in 0xbeef 0xc0ffee; do
		jq -r --arg serial "$serial" --arg device "$(device_of "$serial")" '.[] | select(.chardev == $device) |
			"\($serial): \(.config.section) \(.config.online_type) \(.memory | keys | join(",")) \(.drift | length > 0)"' \
			/tmp/status
	done
}

both_as_saved="0xbeef: saved cxl.serial 0xbeef online_movable Movable false
0xc0ffee: saved cxl.serial 0xc0ffee offline offline false"
neither_yet="0xbeef: saved cxl.serial 0xbeef online_movable  true
0xc0ffee: saved cxl.serial 0xc0ffee offline  true"

saves()
{
	run 0 reconfigure-device --mode=system-ram --online-type=movable --save dax0.0
	run 0 reconfigure-device --mode=system-ram --online-type=offline --save dax1.0
	expect "$(grep -x 'cxl.serial = .*' "$saved")" "cxl.serial = 0xbeef
cxl.serial = 0xc0ffee"
}

is_as_saved()
{
	all_blocks "$(device_of 0xbeef)" "online Movable"
	all_blocks "$(device_of 0xc0ffee)" offline
	run 0 status
	expect "$(sections_and_drift)" "$both_as_saved"
}

is_not_applied_yet()
{
	expect "$(driver_of dax0.0) $(driver_of dax1.0)" "none none"
	expect "$(sections_and_drift)" "$neither_yet"
	run 64 status
}

applies_to_both()
{
	run 0 reconfigure-device --check-config dax0.0
	expect "$(driver_of dax0.0) $(driver_of dax1.0)" "kmem none"
	run 0 reconfigure-device --check-config dax1.0
	is_as_saved
}

# --- the same serial number --------------------------------------------------

applies_to_neither()
{
	local device reason="2 CXL memory devices have the serial number $serial"

	if [[ $serial = 0x0 ]]; then
		reason="cxl.serial = 0 stands for a device without a serial number"
	fi
	printf '[reconfigure-device one]\ncxl.serial = %s\nonline_type = movable\n' "$serial" >"$directory/test.conf"
	run 234 reconfigure-device --check-config all
	for device in dax0.0 dax1.0; do
		says "$device: error: section 'one' ($directory/test.conf:1) is not applied: $reason"
		says "$device: match it by dax.resource or dax.path instead"
		expect "$(driver_of "$device") $(policy_of "$device")" "none default"
	done
	run 234 status
	says "dax0.0: error: section 'one' ($directory/test.conf:1) is not applied: $reason"
	rm "$directory/test.conf"
}

saves_by_resource()
{
	run 0 reconfigure-device --mode=system-ram --online-type=movable --save dax1.0
	expect "$(grep -E '^(cxl|dax)\.' "$saved")" "dax.resource = $(<"$dax_devices/dax1.0/resource")"
	run 0 status
	run 0 reconfigure-device --mode=devdax --force dax1.0
	set_policy dax1.0 default
	run 64 status
	run 0 reconfigure-device --check-config all
	expect "$(driver_of dax0.0)" none
	all_blocks dax1.0 "online Movable"
}

mkdir -p "$directory"
set_system_default offline
case $1 in
save)
	rm -f "$directory"/*
	ok "each expander has a device of its own" the_first_is 0xbeef
	ok "--save writes a section for each serial number" saves
	ok "status: both are as their sections say" is_as_saved
	printf '# tests %d\n' "$tap_count"
	sed 's/^/# saved /' "$saved"
	((tap_failed == 0))
	;;
changed)
	tap_count=$2
	cp 50-saved.conf "$saved"
	ok "after the next boot, the other one is dax0.0" the_first_is 0xc0ffee
	ok "status knows their sections, and that they are not applied" is_not_applied_yet
	ok "each gets what its own section says, and no more" applies_to_both
	done_testing
	;;
alike)
	rm -f "$directory"/*
	serial=$(serial_of dax0.0)
	expect "$(serial_of dax1.0)" "$serial"
	ok "a section with the serial number of both is reported, and applied to neither" applies_to_neither
	ok "--save knows them by their addresses" saves_by_resource
	done_testing
	;;
esac
