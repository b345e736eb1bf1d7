#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A wrong value in a section, in a udev rule and in tmpfiles.d: the system boots, the device is left
# as the drivers make it, and the journal says where the value is. Wants the files of wrong-values.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

unit=daxdev-reconfigure@dev-dax0.0.service

unit_failed()
{
	expect "$(failed_units)" "$unit"
}

# journal_of UNIT PATTERN...: it has a line that has them all.
journal_of()
{
	local lines pattern

	lines=$(journalctl --boot --unit="$1" --output=cat)
	shift
	for pattern; do
		lines=$(grep -F -- "$pattern" <<<"$lines") || fail "no line with: $*"
	done
}

device_is_as_drivers_make_it()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem default"
	all_blocks dax0.0 offline
}

status_shows()
{
	local status=0

	daxctl status >/tmp/stdout 2>/tmp/stderr || status=$?
	expect "$status" 234
	grep -F /etc/daxctl.conf.d/dax.conf:4 /tmp/stderr | grep -F movable_online
	grep '^dax0\.0 .* default  *16 offline .* unknown$' /tmp/stdout
}

ok "the unit of the device failed, and no other" unit_failed
ok "the section: the journal names file, line and value" \
	journal_of "$unit" /etc/daxctl.conf.d/dax.conf:4 movable_online
ok "the udev rule: the journal names file and line" \
	journal_of systemd-udevd.service /etc/udev/rules.d/60-dax.rules:2 online_type
ok "tmpfiles.d: the journal names the file that was to be written" \
	journal_of systemd-tmpfiles-setup.service /sys/devices/system/memory/auto_online_blocks
ok "the device is as the drivers make it" device_is_as_drivers_make_it
ok "daxctl status names the section's value, and shows policy and memory" status_shows
boot_done
