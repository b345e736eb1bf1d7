#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: several.sh TEST...
# Runs several tests in one machine. A TEST is a script with its arguments, as one word.
# Each finds the machine as it is after booting: dax0.0 anew, no kmem, and nothing that
# another one has started, mounted or written. The last one may leave it as it likes.
#
# Around what a test prints come the lines "# begin TEST" and "# end STATUS". The first
# test that fails, or leaves what cannot be restored, is the last in this machine:
# tests/vm/kernel-tests, which reads all this, runs the others in another one.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# Seconds, which only a test that hangs reaches.
limit=900

# --- what there is ------------------------------------------------------------

processes()
{
	printf '%s\n' /proc/[0-9]*
}

mounts()
{
	cut -d ' ' -f 2 /proc/mounts
}

files()
{
	find /tmp /run /etc -xdev
}

# added LISTING: what is there now and was not at the beginning, the last one first.
added()
{
	"$1" | { grep -vxF -f "$notes/$1" || [[ $? = 1 ]]; } | tac
}

# --- back to where it was ------------------------------------------------------

kill_processes()
{
	local process

	for process in $(added processes); do
		process=${process##*/}
		if [[ $process != "$BASHPID" && $process != "$$" ]]; then
			kill -KILL "$process" 2>/dev/null || : "has ended since"
		fi
	done
}

remove_devices()
{
	local path device driver

	for path in "$dax_devices"/dax*; do
		device=${path##*/}
		driver=$(driver_of "$device")
		if [[ $driver = kmem ]]; then
			take_out "$device"
		fi
		if [[ $driver != none ]]; then
			unbind "$device"
		fi
		all_blocks "$device" absent
	done
	destroy_dax_device
}

restore_machine()
{
	local module path parameter=/sys/module/dax_$MACHINE/parameters/online_type

	set -E
	trap 'echo "$BASH_COMMAND: status $?"' ERR
	kill_processes
	for path in $(added mounts); do
		umount "$path"
	done
	remove_devices
	# They may have been told the names of devices.
	for module in kmem fsdev_dax device_dax; do
		if [[ -e /sys/module/$module ]]; then
			modprobe -r "$module"
		fi
	done
	added files | while read -r path; do
		rm -rf "$path"
	done
	if [[ -e $parameter ]]; then
		echo default >"$parameter"
	fi
	set_system_default "$default"
	expect "$(</sys/bus/dax/drivers_autoprobe)" 1
	modprobe device_dax
	make_dax_device
}

# run TEST: fails as it does.
run()
{
	local words status=0

	read -ra words <<<"$1"
	printf '# begin %s\n' "$1"
	printf 'begin %s\n' "$1" >/dev/kmsg
	timeout -k 5 "$limit" "./${words[0]}" "${words[@]:1}" || status=$?
	printf '# end %d\n' "$status"
	return "$status"
}

default=$(system_default)
# Not in a directory that is put in order.
notes=/root/.several
mkdir "$notes"
for listing in processes mounts files; do
	"$listing" >"$notes/$listing"
done

while (($# > 0)); do
	run "$1"
	shift
	(($# > 0)) || break
	set +e
	output=$(set -e; restore_machine 2>&1)
	status=$?
	set -e
	if ((status)); then
		printf '# not restored: %s\n' "${output//$'\n'/; }"
		exit 1
	fi
done
