#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a command must not leave behind: the name of a device in a driver's list,
# which would give that driver the next device of the name. And a kmem that
# modprobe.d keeps out stays out.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

blocks_kmem() # LINE
{
	local status=0

	mkdir -p /etc/modprobe.d
	echo "$1" >/etc/modprobe.d/kmem.conf
	daxctl reconfigure-device --mode=system-ram --online-type=movable dax0.0 >/tmp/stdout 2>/tmp/stderr ||
		status=$?
	rm /etc/modprobe.d/kmem.conf
	expect "$status" 250
	grep -q "dax0.0: error: cannot load the module kmem: modprobe.d keeps it from being loaded" /tmp/stderr
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded"
	expect "$(driver_of dax0.0)" "$driver"
	expect "$(policy_of dax0.0)" default
}

# is_known_to DRIVER: does it bind dax0.0 by name? Its kind it does not take.
is_known_to()
{
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	echo dax0.0 2>/dev/null >"$dax_drivers/$1/bind"
}

forgets() # COMMAND ARGUMENT...
{
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || fail "$(</tmp/stderr)"
	expect "$(driver_of dax0.0)" device_dax
	! is_known_to device_dax || fail "device_dax knows dax0.0 after: daxctl $*"
}

goes_to_kmem_again()
{
	modprobe kmem
	destroy_dax_device
	make_dax_device
	expect "$(driver_of dax0.0)" kmem
}

# A namespace that is made while daxctl keeps the bus from binding devices by itself.
appears_meanwhile()
{
	local attempt child

	destroy_dax_device
	make_pmem_namespace --size=512M
	unbind dax0.0
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded already"
	strace -qq -f -o /tmp/trace -P /sys/bus/dax/drivers_autoprobe -e trace=write \
		-e inject=write:delay_enter=6000000 \
		daxctl reconfigure-device --online-type=offline --mode=system-ram dax0.0 >/tmp/stdout 2>/tmp/stderr &
	child=$!
	for ((attempt = 0; attempt < 300; attempt++)); do
		if [[ $(</sys/bus/dax/drivers_autoprobe) = 0 ]]; then
			break
		fi
		sleep 0.1
	done
	expect "$(</sys/bus/dax/drivers_autoprobe)" 0
	make_pmem_namespace --size=512M
	expect "$(</sys/bus/dax/drivers_autoprobe)" 0
	expect "$(driver_of dax0.1)" none
	wait "$child"
	expect "$(</sys/bus/dax/drivers_autoprobe)" 1
	expect "$(driver_of dax0.1)" device_dax
	expect "$(driver_of dax0.0)" kmem
}

driver=$(driver_of dax0.0)
ok "a kmem on modprobe.d's blacklist is not loaded" blocks_kmem "blacklist kmem"
ok "a kmem that modprobe.d gives another command is not loaded" blocks_kmem "install kmem /bin/false"
# There device_dax takes every device by its kind.
if [[ $MACHINE = pmem ]]; then
	ok "a device that appears while no driver may bind is bound afterwards" appears_meanwhile
	done_testing
	exit
fi
if [[ $driver != none ]]; then
	unbind dax0.0
fi
modprobe device_dax
ok "enable-device leaves no name behind" forgets enable-device dax0.0
ok "reconfigure-device by upstream leaves no name behind" forgets reconfigure-device --mode=devdax dax0.0
modprobe kmem
ok "the way out leaves no name behind" forgets reconfigure-device --mode=devdax --force dax0.0
ok "a device of the same name is kmem's again" goes_to_kmem_again
done_testing
