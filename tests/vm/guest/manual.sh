#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples of the manual pages, taken from there, do what a reader expects: they succeed.
# Wants the pages' sources in the working directory. dax0.0 and dax0.1 stand for the devices
# that the examples name.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# examples PAGE: prints its example command lines, for the devices that are here; an empty
# line ends each example. What systemctl does is for a whole system: see tests/system.
examples()
{
	awk '/^----$/ { if (inside) print ""; inside = !inside; next }
		inside && /^# [a-z]+ / { print substr($0, 3) }' "$1" |
		sed -E -e '/^systemctl /d' -e 's/\bdax[12]\.0\b/dax0.1/g' -e 's/--region=[0-9]+/--region=0/'
}

# free_devices DEVICE...: without driver, memory, or section.
free_devices()
{
	local device

	for device; do
		if [[ $(driver_of "$device") = kmem ]]; then
			take_out "$device"
		fi
		if [[ $(driver_of "$device") != none ]]; then
			unbind "$device"
		fi
	done
	rm -f /etc/daxctl.conf.d/*
}

# prepare EXAMPLE: what it changes or shows is there. Kernel data may keep in a kernel zone what
# an example before has left there, and that is not touched again.
prepare()
{
	local devices=(dax0.0 dax0.1)

	if [[ $1 = *=kernel* && $1 != *dax0.1* ]]; then
		devices=(dax0.0)
	fi
	free_devices "${devices[@]}"
	if [[ $1 = *--force* || $1 != *--mode=* && $1 =~ \ (list|status|.*--forget) ]]; then
		daxctl reconfigure-device --mode=system-ram --online-type=movable all
	fi
}

# run_examples PAGE PATTERN: those that match, or with "!" before it, those that do not.
run_examples()
{
	local text number=0
	local -a all

	mapfile -t -d '' all < <(examples "$1" | awk -v RS= '{ printf "%s%c", $0, 0 }')
	((${#all[@]})) || fail "$1 has no examples"
	for text in "${all[@]}"; do
		case $2 in
		!*) [[ ! $text =~ ${2#!} ]] || continue ;;
		*) [[ $text =~ $2 ]] || continue ;;
		esac
		prepare "$text"
		printf '%s\n' "$text"
		bash -euo pipefail -c "$text" || fail "status $?"
		number=$((number + 1))
	done
	echo "$number examples"
}

divide_device 2 $((DEVICE_BYTES / 2)) >/dev/null
pages=(*.adoc)
((${#pages[@]} == 4)) || fail "not the pages that this test knows: ${pages[*]}"
for page in "${pages[@]}"; do
	ok "the examples of ${page%.adoc}" run_examples "$page" '!=kernel'
done
for page in daxctl-online-type.7.adoc daxctl-reconfigure-device.1.adoc; do
	ok "the examples of ${page%.adoc} for a kernel zone" run_examples "$page" =kernel
done
done_testing
