#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Command lines without extension options: the extended and upstream's daxctl must agree
# in standard output, standard error and exit status.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

{
	region 0
	device 0 0
	device 0 1
	region 1
	device 1 0
} >"$work/devices"

# shellcheck source-path=SCRIPTDIR source=lines.sh
. "$(dirname "$0")/lines.sh"

differences=0
lines=0

# agree LINE: one of the above, as words.
agree()
{
	local -a words

	eval "words=($1)"
	lines=$((lines + 1))
	if ! (same "${words[@]}"); then
		differences=$((differences + 1))
	fi
}

all_agree()
{
	expect "$differences" 0
	((lines >= $1)) || fail "only $lines lines"
}

# The first run must not affect the second: nothing binds here.
lists_agree()
{
	local option

	for option in "${list_options[@]}"; do
		agree "list $option"
	done
	all_agree 90
}

# In devdax mode already: what else is to become devdax is not upstream's.
in_devdax()
{
	local device

	for device in dax0.0 dax0.1 dax1.0; do
		bound "$device" device_dax
	done
}

reconfigurations_agree()
{
	local option

	in_devdax
	for option in "${reconfigure_options[@]}"; do
		agree "reconfigure-device $option dax0.0"
		agree "reconfigure-device dax0.0 $option"
	done
	all_agree 278
}

targets_agree()
{
	local target

	in_devdax
	for target in "${targets[@]}"; do
		agree "reconfigure-device -m devdax $target"
		agree "reconfigure-device $target -u --mode=system-ram"
		agree "reconfigure-device -C $target"
	done
	all_agree 27
}

others_agree()
{
	local line

	for line in "${others[@]}"; do
		agree "$line"
	done
	all_agree 34
}

export_functions
# Arrays cannot be exported: the inner shell gets them as text.
in_shell()
{
	eval "$1"
	"$2"
}
export -f in_shell
tables=$(declare -p list_options reconfigure_options targets others differences lines)
ok "every line for list has the output of upstream's" on_system in_shell "$tables" lists_agree
ok "every line for reconfigure-device has the output of upstream's" on_system in_shell "$tables" reconfigurations_agree
ok "every form of a device's name has the output of upstream's" on_system in_shell "$tables" targets_agree
ok "every other line has the output of upstream's" on_system in_shell "$tables" others_agree
done_testing
