# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # of tests/vm/guest/lib.sh
#
# What the tests share that run in a whole system, besides tests/vm/guest/lib.sh, which it goes
# with. BOOT and BOOTS are in the environment. Sourced, after "set -euo pipefail".

# wait_until_quiet: udev has done all that is to be done for what has happened, and systemd
# what udev asked it for.
wait_until_quiet()
{
	local attempt quiet=0

	for ((attempt = 0; attempt < 1200; attempt++)); do
		udevadm settle --timeout=120
		if grep -q '^ *[0-9]' <<<"$(systemctl list-jobs --no-legend)"; then
			quiet=0
		elif ((++quiet == 3)); then
			return
		fi
		sleep 0.1
	done
	fail "systemd is still busy with: $(systemctl list-jobs --no-legend)"
}

wait_until_up()
{
	# Fails if a unit has, as on a plain Debian.
	systemctl is-system-running --wait >/dev/null || :
	wait_until_quiet
}

# system_state: prints what is to be the same after every boot.
system_state()
{
	local device

	for device in "$dax_devices"/dax*; do
		device=${device##*/}
		printf '%s: %s, %s, node %s, %s\n' "$device" "$(driver_of "$device")" "$(policy_of "$device")" \
			"$(<"$dax_devices/$device/target_node")" "$(block_summary "$device")"
	done
	printf 'nodes %s, with memory %s\n' "$(</sys/devices/system/node/online)" \
		"$(</sys/devices/system/node/has_memory)"
	# How much the kernel keeps for itself differs by some pages from boot to boot.
	awk '$1 == "MemTotal:" { printf "about %d MiB\n", int($2 / 8192 + 0.5) * 8 }' /proc/meminfo
}

# same_as_before NAME COMMAND...: what it prints, that is: as in the first boot that asked.
same_as_before()
{
	local file=/var/lib/vm/$1

	shift
	if [[ ! -e $file ]]; then
		"$@" >"$file"
	fi
	diff "$file" <("$@")
}

# boot_done: in place of done_testing. The tests of all boots are one list.
boot_done()
{
	echo "$tap_count" >/var/lib/vm/tap-count
	if [[ $BOOT = "$BOOTS" ]]; then
		done_testing
	fi
	((tap_failed == 0))
}

if [[ -e /var/lib/vm/tap-count ]]; then
	tap_count=$(</var/lib/vm/tap-count)
fi

# failed_units: prints those that do not fail on a plain Debian as well. Of its ndctl-monitor
# that is known: it wants NVDIMMs.
failed_units()
{
	systemctl list-units --failed --plain --no-legend | awk '$1 != "ndctl-monitor.service" { print $1 }'
}
