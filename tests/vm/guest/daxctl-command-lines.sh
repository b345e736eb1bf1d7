#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Command lines without extension options, on a real device: from the same start, the
# extended and upstream's daxctl must agree in standard output, standard error and exit
# status, and leave the device in the same mode and its memory in the same state and
# zone. Needs tests/cli/lines.sh beside it.
#
# The list is compared on a device without the attribute, as the extended list has more
# fields for one with it.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR/../../cli source=lines.sh
. ./lines.sh

size=$(<"$dax_devices/dax0.0/size")

# Devices, sizes, drivers, and the state and zone of each memory block of the system.
situation()
{
	printf '%s\n' "${dax_devices}"/*
	cat "$dax_devices"/*/size
	readlink "$dax_devices"/*/driver || : "no driver has it"
	grep . "$memory"/memory*/valid_zones
}

in_devdax()
{
	/usr/bin/daxctl reconfigure-device --mode=devdax --force dax0.0 >/tmp/back 2>&1 ||
		fail "no way back to devdax: $(</tmp/back)"
}

in_system_ram()
{
	/usr/bin/daxctl reconfigure-device --mode=system-ram dax0.0 >/tmp/back 2>&1 ||
		fail "no way back to system-ram: $(</tmp/back)"
}

free_device() # DEVICE
{
	local driver

	driver=$(driver_of "$1")
	if [[ $driver = kmem ]]; then
		take_out "$1"
	fi
	if [[ $driver != none ]]; then
		unbind "$1"
	fi
}

# back_to START: restores $start, which START makes, whatever a command line did.
back_to()
{
	if [[ $(<"$dax_devices/dax0.0/size") != "$size" ]]; then
		free_device dax0.0
		echo "$size" >"$dax_devices/dax0.0/size"
	fi
	if [[ $1 = in_system_ram ]]; then
		free_device dax0.0
	fi
	"$1"
	expect "$(situation)" "$start"
}

# result DAXCTL START WORD...: saves its output and the result, in files named after
# it.
result()
{
	local daxctl=$1 from=$2 status=0 files after

	shift 2
	files=/tmp/${daxctl//\//-}
	"$daxctl" "$@" >"$files.stdout" 2>"$files.stderr" </dev/null || status=$?
	# Of memory that is online, upstream's daxctl says "busy", and ours before that why, and
	# what to do.
	sed -i -E '/^dax0\.0: (error: [0-9]+ of its [0-9]+ memory blocks are online|use --force to offline)/d' "$files.stderr"
	after=$(situation)
	printf 'exit status %d\n%s\n' "$status" "$after" >"$files.result"
	if [[ $after != "$start" ]]; then
		back_to "$from"
	fi
}

# agree START LINE
agree()
{
	local -a words
	local what

	eval "words=($2)"
	lines=$((lines + 1))
	result /usr/local/bin/daxctl "$1" "${words[@]}"
	result /usr/bin/daxctl "$1" "${words[@]}"
	for what in stdout stderr result; do
		if ! cmp -s "/tmp/-usr-local-bin-daxctl.$what" "/tmp/-usr-bin-daxctl.$what"; then
			diff "/tmp/-usr-local-bin-daxctl.$what" "/tmp/-usr-bin-daxctl.$what" || : "told"
			printf 'daxctl %s: %s differs\n' "$2" "$what"
			differences=$((differences + 1))
		fi
	done
}

# all_agree START MINIMUM: for the lines on standard input.
all_agree()
{
	local differences=0 lines=0 line start

	"$1"
	start=$(situation)
	while read -r line; do
		agree "$1" "$line"
	done
	expect "$differences" 0
	(($2 <= lines)) || fail "only $lines lines"
}

list_lines()
{
	printf 'list %s\n' "${list_options[@]}"
}

# tests/cli has the device in front of them too. Memory in a kernel zone might not
# go offline again.
reconfigure_lines()
{
	local option

	for option in "${reconfigure_options[@]}"; do
		if [[ $option != *system-ram*--no-movable* ]]; then
			printf 'reconfigure-device %s dax0.0\n' "$option"
		fi
	done
}

target_lines()
{
	local target

	for target in "${targets[@]}"; do
		printf 'reconfigure-device %s\n' "-m devdax $target" "$target -u --mode=system-ram" "-C $target"
	done
}

other_lines()
{
	printf '%s\n' "${others[@]}"
}

lists_agree() # START
{
	mount --bind /dev/null "$dax_devices/dax0.0/online_type"
	list_lines | all_agree "$1" 90
	umount "$dax_devices/dax0.0/online_type"
}

reconfigurations_agree() # START
{
	reconfigure_lines | all_agree "$1" 140
}

targets_agree() # START
{
	target_lines | all_agree "$1" 27
}

others_agree() # START
{
	other_lines | all_agree "$1" 34
}

set_policy dax0.0 default
ok "every line for reconfigure-device has the result and output of upstream's" reconfigurations_agree in_devdax
ok "every other line has the output of upstream's" others_agree in_devdax
for start in in_devdax in_system_ram; do
	ok "every line for list has the output of upstream's, ${start//_/ }" lists_agree "$start"
	ok "every form of a device's name has the output of upstream's, ${start//_/ }" targets_agree "$start"
done
done_testing
