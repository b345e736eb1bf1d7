#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A CXL expander is hot-removed, as somebody asks for at QEMU's monitor: after its memory is
# unplugged in the first boot, with the memory online in the second. Needs the files of sections and
# unplugged, and --monitor.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=../../vm/guest/job.sh
. /usr/local/lib/vm/job.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

unit=daxdev-reconfigure@dev-dax0.0.service

# --- QEMU's monitor ---------------------------------------------------------

open_monitor()
{
	local name

	name=$(port monitor)
	exec {monitor}<>"$name"
	ask qmp_capabilities >/dev/null
}

# ask COMMAND [ARGUMENTS]: prints the answer of the monitor.
ask()
{
	local line

	printf '{"execute": "%s", "arguments": %s}\n' "$1" "${2:-{\}}" >&"$monitor"
	while read -r -t 120 -u "$monitor" line; do
		case $line in
		*'"return"'*)
			printf '%s\n' "$line"
			return
			;;
		*'"error"'*) fail "$1: $line" ;;
		esac
	done
	fail "$1: no answer"
}

has_expander()
{
	local devices

	devices=$(ask qom-list '{"path": "/machine/peripheral"}' | jq -r '.return[].name')
	grep -qx type30 <<<"$devices"
}

# --- the tests --------------------------------------------------------------

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem online_movable"
	all_blocks dax0.0 "online Movable"
}

unplug()
{
	daxctl reconfigure-device --mode=system-ram --online-type=unplugged --force dax0.0
	wait_until_quiet
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 absent
}

expander_is_removed()
{
	local attempt

	open_monitor
	has_expander || fail "there is no expander"
	ask device_del '{"id": "type30"}'
	# The driver of the slot waits for five seconds, in case somebody changes their mind.
	for ((attempt = 0; attempt < 600; attempt++)); do
		has_expander || break
		sleep 0.1
	done
	! has_expander || fail "QEMU still has the expander"
	wait_until_quiet
	[[ ! -e $dax_devices/dax0.0 ]] || fail "dax0.0 is still there"
	expect "$(compgen -G '/sys/bus/cxl/devices/mem*')" ""
	expect "$(systemctl is-active "$unit")" inactive
}

nothing_is_left()
{
	expect "$(grep -c kmem /proc/iomem)" 0
	daxctl status
	systemctl start daxctl-status.service
}

# kmem_ranges: prints what is left of the device's memory, as "0x110000000-0x18fffffff".
kmem_ranges()
{
	sed -n 's/^ *\(.*\)-\(.*\) : System RAM (kmem)$/0x\1-0x\2/p' /proc/iomem
}

status_tells_what_is_left()
{
	local status=0

	expect "$(kmem_ranges | wc -l)" 1
	daxctl status 2>/tmp/stderr || status=$?
	expect "$status" 64
	grep -F "$(kmem_ranges): drift: " /tmp/stderr
}

service_fails()
{
	if systemctl start daxctl-status.service; then
		fail "daxctl-status.service does not fail"
	fi
	expect "$(failed_units)" daxctl-status.service
}

ok "boot $BOOT: every block is in ZONE_MOVABLE" all_movable
if [[ $BOOT = 1 ]]; then
	ok "its memory is unplugged" unplug
	ok "the expander is hot-removed, as QEMU's monitor was asked to" expander_is_removed
	ok "nothing is left of its memory" nothing_is_left
	ok "no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
else
	ok "the expander is hot-removed with its memory online" expander_is_removed
	ok "daxctl status tells what is left of its memory" status_tells_what_is_left
	ok "daxctl-status.service fails" service_fails
fi
boot_done
