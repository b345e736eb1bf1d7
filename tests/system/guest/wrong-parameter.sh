#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A driver's parameter with a wrong value, in modprobe.d for dax_cxl and on the kernel's command
# line for dax_hmem: the driver is not loaded, and so there is no memory, but the system boots and its
# journal says which value of which parameter is wrong.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

there_is_no_driver()
{
	[[ ! -e /sys/module/$1 ]] || fail "$1 is loaded"
	[[ ! -e $dax_devices/dax0.0 ]] || fail "there is dax0.0"
}

loading_is_refused()
{
	if modprobe "$1" 2>/tmp/stderr; then
		fail "$1 was loaded"
	fi
	grep 'Invalid argument' /tmp/stderr
}

journal_names()
{
	journalctl --boot --dmesg --output=cat | grep -F "$1: \`movable_online' invalid for parameter \`online_type'"
}

ok "the driver of the region, whose parameter is wrong in modprobe.d, is not loaded" there_is_no_driver dax_cxl
ok "the journal names the driver, the parameter and the value" journal_names dax_cxl
ok "the driver whose parameter is wrong on the kernel's command line is refused" loading_is_refused dax_hmem
ok "the journal names the driver, the parameter and the value" journal_names dax_hmem
ok "no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
boot_done
