#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device --check-config on a mocked /sys. RELAY is a daxctl
# that runs $RELAY_LINK instead of upstream's and reads its configuration from
# $RELAY_CONFIG.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
DAXCTL=$RELAY
trap 'rm -rf "$work" "$RELAY_LINK" "$RELAY_CONFIG"' EXIT

{
	region 0
	device 0 0 online_type=default memmap_on_memory=0
	region 1
	device 1 0 online_type=default memmap_on_memory=0 target_node=3
	region 2
	device 2 0 online_type=default
} >"$work/devices"

no_config()
{
	rm -rf "$RELAY_CONFIG"
}

# A script in the place of upstream's daxctl prints how it was called.
relay()
{
	# An earlier test may have left a dangling link.
	rm -f "$RELAY_LINK"
	# shellcheck disable=SC2016 # for the script to expand
	printf '#!/bin/bash\necho "[{\\"called\\":\\"$*\\"}]"\n' >"$RELAY_LINK"
	chmod +x "$RELAY_LINK"
}

check()
{
	run 0 reconfigure-device --check-config "$@"
}

is_upstreams()
{
	no_config
	check dax0.0
	expect "$stdout" '[{"called":"reconfigure-device --check-config dax0.0"}]'
	config a.conf <<-END
		[reconfigure-device old]
		nvdimm.uuid = 1-2-3
		mode = system-ram
		this is malformed, which upstream reports
	END
	check dev/dax0.0
	expect "$stdout" '[{"called":"reconfigure-device --check-config dev/dax0.0"}]'
	check --allow-fallback -u dev/dax0.0
	expect "$stdout" '[{"called":"reconfigure-device --check-config -u dev/dax0.0"}]'
	config a.conf <<-END
		[reconfigure-device ours]
		dax.target_node = 7
		online-type = movable
	END
	run 0 reconfigure-device -C -m devdax dax0.0
	expect "$stdout" '[{"called":"reconfigure-device -C -m devdax dax0.0"}]'
}

is_silent()
{
	config a.conf <<-END
		[reconfigure-device other]
		dax.target_node = 7
		online-type = movable
	END
	check dev/dax0.0
	expect "$stdout$stderr" ""
	run 0 reconfigure-device -C dax5.5
	expect "$stdout$stderr" ""
}

plans_what_matches()
{
	config a.conf <<-END
		[reconfigure-device one]
		dax.target_node = 3
		online-type = online_kernel

		[reconfigure-device zero]
		dax.path = */hmem.0/*
		online-type = offline
	END
	run 0 reconfigure-device -C -n all
	says 'dax0.0: write "offline" to /sys/bus/dax/devices/dax0.0/online_type'
	says 'dax1.0: write "online_kernel" to /sys/bus/dax/devices/dax1.0/online_type'
	run 0 reconfigure-device -C -n dev/dax1.0
	[[ $stderr != *dax0.0* ]] || fail "it is about dax0.0: $stderr"
	run 250 reconfigure-device -C dax1.0
	says "dax1.0: its mode is unchanged"
}

# Without an extension option, that is.
reads_regions_as_upstream()
{
	local region

	config a.conf <<-END
		[reconfigure-device all]
		dax.path = *
		online-type = offline
	END
	for region in 1 1,0 "1 foo"; do
		run 250 reconfigure-device -C -r "$region" all
		says "dax1.0: its mode is unchanged"
		[[ $stderr != *dax0.0* ]] || fail "it is about dax0.0: $stderr"
	done
	run 250 reconfigure-device -C -r "0 1" all
	says "dax0.0: its mode is unchanged"
	says "dax1.0: its mode is unchanged"
}

warns_of_two()
{
	config a.conf <<-END
		[reconfigure-device first]
		dax.resource = 0x100000000
		online-type = offline
	END
	config b.conf <<-END

		[reconfigure-device second]
		dax.path = *
		online-type = movable
	END
	run 0 reconfigure-device -C -n dax0.0
	says "dax0.0: warning: section 'second' ($RELAY_CONFIG/b.conf:2) matches too; 'first' ($RELAY_CONFIG/a.conf:1) is used"
	says 'write "offline"'
}

refuses_mistakes()
{
	config a.conf <<-END
		[reconfigure-device first]
		dax.path = *
		online-type = sideways
	END
	run 234 reconfigure-device -C dax0.0
	says "daxctl: error: $RELAY_CONFIG/a.conf:3: invalid online type 'sideways'"
	expect "$stdout" ""
	expect "$(</sys/bus/dax/devices/dax0.0/online_type)" default
}

translates()
{
	no_config
	config a.conf <<-END
		[reconfigure-device first]
		dax.path = */hmem.0/*
		mode = system-ram
		online = no
		movable = yes
		[reconfigure-device second]
		dax.path = */hmem.1/*
		mode = devdax
	END
	bound dax1.0 device_dax
	run 0 reconfigure-device -C -v -f all
	expect "$(jq -c 'map(.called) | sort' <<<"$stdout")" \
		'["reconfigure-device --mode=devdax --force --verbose dax1.0","reconfigure-device --mode=system-ram --no-online --force --verbose dax0.0"]'
	says "reconfigured 2 devices"
}

# its_section [LINE]: a section of upstream's kind is about dax1.0.
its_section()
{
	no_config
	echo 1-2-3 >"$sys/devices/platform/hmem.1/uuid"
	printf '[reconfigure-device one]\nnvdimm.uuid = 1-2-3\nmode = system-ram\n%s\n' "$@" | config a.conf
}

# In place of a kernel, upstream binds dax0.0, too, and tells the policy that this has then.
binds_both()
{
	relay_to "cat $sys/bus/dax/devices/dax0.0/online_type >>\"\$0.log\"
		ln -s ../../../../bus/dax/drivers/kmem $sys/bus/dax/devices/dax0.0/driver"
}

# stays_unbound STATUS ARGUMENT...: dax0.0, whatever upstream does for dax1.0.
stays_unbound()
{
	: | tee "$RELAY_LINK.log" "$sys/bus/dax/drivers/kmem/unbind"
	run "$1" reconfigure-device --check-config "${@:2}" dax1.0
	expect "$(<"$RELAY_LINK.log")" offline
	expect "$(<"$sys/bus/dax/drivers/kmem/unbind")" dax0.0
	expect "$(<"$sys/bus/dax/devices/dax0.0/online_type")" default
	rm "$sys/bus/dax/devices/dax0.0/driver"
}

keeps_siblings()
{
	binds_both
	its_section
	stays_unbound 0
	stays_unbound 0 --allow-fallback
	# Beside a device that is not upstream's, and that nothing binds here.
	config b.conf <<-END
		[reconfigure-device two]
		dax.path = */hmem.2/*
		online-type = movable
	END
	stays_unbound 250 dax2.0
	# If no section matches, upstream binds nothing.
	no_config
	: >"$RELAY_LINK.log"
	check dax1.0
	expect "$(<"$RELAY_LINK.log")" default
}

# Without a policy, nothing keeps the memory of dax0.0 offline. The bind has no effect here.
binds_it_alone()
{
	relay
	rm "$sys/bus/dax/devices/dax0.0/online_type"
	its_section
	run 250 reconfigure-device -C dax1.0
	expect "$stdout" ""
	says "dax1.0: error: the driver 'kmem' did not bind it"
	# Upstream does not ask whether processes use it, either.
	bound dax1.0 device_dax
	user_of dax1.0
	run 240 reconfigure-device -C dax1.0
	says "dax1.0: error: the driver 'device_dax' claimed it at the same moment"
	its_section "online = no"
	run 240 reconfigure-device -C dax1.0
	says "dax1.0: error: the driver 'device_dax' claimed it at the same moment"
}

# user_of DEVICE: as if process 71 had its node open. The device's node is /dev/null.
user_of()
{
	local proc=$UMOCKDEV_DIR/proc/71

	echo 1:3 >"$sys/bus/dax/devices/$1/dev"
	mkdir -p "$proc/fd"
	echo qemu-system-x86 >"$proc/comm"
	ln -s /usr/bin/qemu-system-x86_64 "$proc/exe"
	ln -s /dev/null "$proc/fd/3"
}

# is_spared ARGUMENT...: nobody is asked to change the device.
is_spared()
{
	run 240 reconfigure-device -C "$@" dax1.0
	says "dax1.0: error: these processes have /dev/dax1.0 open or mapped: 71 (qemu-system-x86)"
	says "dax1.0: end them; with --force they lose it, and get SIGBUS when they access memory that they have mapped"
	expect "$stdout" ""
}

spares_users()
{
	config a.conf <<-END
		[reconfigure-device guests]
		dax.path = */hmem.1/*
		mode = system-ram
	END
	bound dax1.0 device_dax
	user_of dax1.0
	is_spared
	is_spared --dry-run
	# The others are configured all the same.
	config b.conf <<-END
		[reconfigure-device zero]
		dax.path = */hmem.0/*
		mode = system-ram
	END
	run 240 reconfigure-device -C all
	expect "$(jq -r '.[].called' <<<"$stdout")" "reconfigure-device --mode=system-ram dax0.0"
	run 0 reconfigure-device -C --force dax1.0
	says "warning: dax1.0: these processes lose /dev/dax1.0, and get SIGBUS if they have it mapped: 71 (qemu-system-x86)"
	expect "$(jq -r '.[].called' <<<"$stdout")" "reconfigure-device --mode=system-ram --force dax1.0"
	# Without a mode it is system-ram, too; and what is as it shall be stays.
	sed -i 's/^mode.*/movable = no/' "$RELAY_CONFIG/a.conf"
	is_spared
	sed -i 's/^movable.*/mode = devdax/' "$RELAY_CONFIG/a.conf"
	run 0 reconfigure-device -C dax1.0
	expect "$stderr" "reconfigured 1 device"
	sed -i 's/^mode.*/mode = famfs/' "$RELAY_CONFIG/a.conf"
	is_spared
}

conflicts()
{
	local option

	run 129 reconfigure-device -C --online-type=movable dax0.0
	says "--check-config takes the policy"
	for option in --size=1G --align=2M --input=file; do
		no_config
		run 0 reconfigure-device -C "$option" dax0.0
		expect "$stdout" "[{\"called\":\"reconfigure-device -C $option dax0.0\"}]"
		config a.conf <<-END
			[reconfigure-device zero]
			dax.path = */hmem.0/*
			online-type = offline
		END
		run 129 reconfigure-device -C "$option" dax0.0
		says "--size, --align and --input cannot be given besides it"
		expect "$(</sys/bus/dax/devices/dax0.0/online_type)" default
	done
}

# Silence would mean that no section matches.
says_what_it_cannot_read()
{
	config a.conf <<-END
		[reconfigure-device zero]
		dax.resource = 0x100000000
		online-type = offline
	END
	chmod 400 "$sys/bus/dax/devices/dax0.0/resource"
	run 0 reconfigure-device -C -n dax0.0
	says 'write "offline"'
	chmod 000 "$sys/bus/dax/devices/dax0.0/resource"
	as=unprivileged run 243 reconfigure-device -C -n dax0.0
	says "dax0.0: error: cannot read where its memory is: Permission denied
dax0.0: run this as root"
	as=unprivileged run 243 reconfigure-device --forget -n dax0.0
	says "dax0.0: run this as root"
	rm "$sys/bus/dax/devices/dax0.0/memmap_on_memory"
	mkdir "$sys/bus/dax/devices/dax0.0/memmap_on_memory"
	run 235 reconfigure-device -C dax0.0
	says "dax0.0: error: cannot read its attributes: Is a directory"
	says "reconfigured 0 devices"
}

export_functions
export RELAY_LINK RELAY_CONFIG
relay
ok "without extension keys, and with a mode, upstream's daxctl runs" on_system is_upstreams
ok "it is silent when no section matches" on_system is_silent
ok "each device gets the policy of the section that matches it" on_system plans_what_matches
ok "without an extension option, regions are read as by upstream" on_system reads_regions_as_upstream
ok "the first match wins, and the second is warned of" on_system warns_of_two
ok "a mistake is reported with file, line and reason, and changes nothing" on_system refuses_mistakes
ok "a section without a policy becomes options of upstream's daxctl" on_system translates
ok "such a section spares a device that processes have open, without --force" on_system spares_users
ok "whatever upstream binds for a section, unbound siblings stay unbound" on_system keeps_siblings
ok "what upstream cannot bind alone is bound without it" on_system binds_it_alone
ok "what contradicts a section on the command line is refused" on_system conflicts
ok "it says what it cannot read" on_system says_what_it_cannot_read
done_testing
