#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A CXL expander is hot-removed, as somebody asks for at QEMU's monitor: after its memory is
# unplugged in the first boot, with the memory online in the second. The test kernels have no driver
# for hot-plug slots (pciehp), and so this does what that driver does when it is asked. Wants the files
# of sections and unplugged, and --monitor.

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

# devices_of_qemu: prints the names of those that somebody named.
devices_of_qemu()
{
	ask qom-list '{"path": "/machine/peripheral"}' | jq -r '.return[].name'
}

# --- the slot ---------------------------------------------------------------

# config DEVICE OFFSET BYTES: prints the number there, in the configuration space.
config()
{
	od -An -t "u$3" -j "$2" -N "$3" "$1/config" | tr -d ' '
}

# pci_express DEVICE: prints the offset of the capability PCI Express.
pci_express()
{
	local offset

	offset=$(config "$1" 0x34 1)
	while ((offset && $(config "$1" "$offset" 1) != 0x10)); do
		offset=$(config "$1" $((offset + 1)) 1)
	done
	((offset)) || fail "$1 is no PCI Express device"
	echo "$offset"
}

# attention SLOT: somebody has asked for the device of the slot.
attention()
{
	local status

	status=$(config "$1" $(($(pci_express "$1") + 0x1a)) 2)
	((status & 1))
}

# power_off SLOT: with the indicator off, in one write, as pciehp does in the end.
power_off()
{
	local offset control

	offset=$(($(pci_express "$1") + 0x18))
	control=$(($(config "$1" "$offset" 2) | 0x700))
	# shellcheck disable=SC2059 # the bytes
	printf "$(printf '\\x%02x\\x%02x' $((control & 0xff)) $((control >> 8)))" |
		dd of="$1/config" bs=2 seek="$((offset / 2))" conv=notrunc status=none
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
	open_monitor
	grep -qx type30 <<<"$(devices_of_qemu)" || fail "there is no expander"
	ask device_del '{"id": "type30"}'
	# QEMU does all of this before it answers.
	attention "$slot" || fail "nobody has asked for the expander"
	echo 1 >"$expander/remove"
	power_off "$slot"
	! grep -qx type30 <<<"$(devices_of_qemu)" || fail "QEMU still has the expander"
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

expander=$(realpath /sys/bus/cxl/devices/mem0/..)
slot=${expander%/*}
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
