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

# power_off SLOT: with the indicator off, as pciehp does in the end.
power_off()
{
	local offset control

	offset=$(($(pci_express "$1") + 0x18))
	control=$(($(config "$1" "$offset" 2) | 0x700))
	# shellcheck disable=SC2059 # the bytes
	printf "$(printf '\\x%02x\\x%02x' $((control & 0xff)) $((control >> 8)))" |
		dd of="$1/config" bs=1 seek="$offset" conv=notrunc status=none
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

# mem_total: in MiB; the kernel's own share varies by some pages.
mem_total()
{
	awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo
}

expander_is_removed()
{
	local attempt

	open_monitor
	devices_of_qemu | grep -qx type3 || fail "there is no expander"
	ask device_del '{"id": "type3"}'
	for ((attempt = 0; attempt < 600; attempt++)); do
		! attention "$slot" || break
		sleep 0.1
	done
	attention "$slot" || fail "nobody has asked for the expander"
	echo 1 >"$expander/remove"
	power_off "$slot"
	for ((attempt = 0; attempt < 600; attempt++)); do
		devices_of_qemu | grep -qx type3 || return 0
		sleep 0.1
	done
	fail "QEMU still has the expander"
}

nothing_is_left()
{
	wait_until_quiet
	[[ ! -e $dax_devices/dax0.0 ]] || fail "dax0.0 is still there"
	expect "$(compgen -G '/sys/bus/cxl/devices/mem*')" ""
	expect "$(systemctl is-active "$unit")" inactive
	expect "$(failed_units)" ""
	daxctl status
}

expander=$(realpath /sys/bus/cxl/devices/mem0/..)
slot=${expander%/*}
ok "boot $BOOT: every block is in ZONE_MOVABLE" all_movable
case $BOOT in
1)
	ok "the memory is unplugged" unplug
	ok "the expander is hot-removed through QEMU's monitor" expander_is_removed
	ok "nothing is left of the device, and no unit failed" nothing_is_left
	;;
2)
	;;
esac
boot_done
