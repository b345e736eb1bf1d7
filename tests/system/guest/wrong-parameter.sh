#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: wrong-parameter.sh DRIVER
# A driver's parameter with a wrong value: the driver is not loaded, and so there is no memory,
# but the system boots and its journal says which value of which parameter is wrong.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

driver=$1

there_is_no_driver()
{
	[[ ! -e /sys/module/$driver ]] || fail "$driver is loaded"
	[[ ! -e $dax_devices/dax0.0 ]] || fail "there is dax0.0"
}

loading_is_refused()
{
	if modprobe "$driver" 2>/tmp/stderr; then
		fail "$driver was loaded"
	fi
	grep 'Invalid argument' /tmp/stderr
}

journal_names()
{
	journalctl --boot --dmesg --output=cat | grep -F "$driver: \`movable_online' invalid for parameter \`online_type'"
}

# The other driver is not loaded either, as there is nothing for it.
status_names()
{
	local status=0

	daxctl status >/tmp/stdout 2>/tmp/stderr || status=$?
	expect "$status" 64
	grep -F "$driver: drift: " /tmp/stderr | grep -F online_type=movable_online
	expect "$(grep -c drift: /tmp/stderr)" 1
}

service_fails()
{
	if systemctl start daxctl-status.service; then
		fail "daxctl-status.service does not fail"
	fi
	expect "$(failed_units)" daxctl-status.service
}

ok "a driver whose parameter is wrong is not loaded" there_is_no_driver
ok "the journal names the driver, the parameter and the value" journal_names
ok "modprobe refuses to load it" loading_is_refused
ok "no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
ok "daxctl status names them too, and no other driver" status_names
ok "daxctl-status.service fails" service_fails
boot_done
