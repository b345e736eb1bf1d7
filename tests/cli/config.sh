#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What daxctl reconfigure-device --check-config refuses, and by which rules it carries out
# the sections of upstream's daxctl, on a mocked /sys. RELAY is a daxctl that has
# $RELAY_LINK in upstream's place and its configuration in $RELAY_CONFIG.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
DAXCTL=$RELAY
trap 'rm -rf "$work" "$RELAY_LINK" "$RELAY_CONFIG"' EXIT

cxl=/devices/pci0000:0c

# memory_device NUMBER SERIAL: prints the records of a CXL memory device, of its
# endpoint, and of the endpoint's decoder.
memory_device()
{
	printf 'P: %s/mem%d\nE: SUBSYSTEM=cxl\nA: serial=%s\\n\n\n' "$cxl" "$1" "$2"
	printf 'P: %s/endpoint%d\nE: SUBSYSTEM=cxl\nL: uport=../mem%d\n\n' "$cxl" "$1" "$1"
	printf 'P: %s/endpoint%d/decoder%d.0\nE: SUBSYSTEM=cxl\n\n' "$cxl" "$1" "$1"
}

# cxl_device REGION MEMORY-DEVICE: prints the records of a dax device of 1 GiB on a CXL
# region with that one target.
cxl_device()
{
	local path=$cxl/region$1

	printf 'P: %s\nE: SUBSYSTEM=cxl\nA: target0=decoder%d.0\\n\n\n' "$path" "$2"
	printf 'P: %s/dax_region%d\nE: SUBSYSTEM=cxl\nA: dax_region/id=%d\\n\n' "$path" "$1" "$1"
	printf 'A: dax_region/%s\\n\n' size=1073741824 available_size=0 align=2097152
	printf '\n'
	device "$1" 0 online_type=default memmap_on_memory=0 |
		sed "s#/devices/platform/hmem.$1#$path/dax_region$1#"
}

{
	region 0
	device 0 0 online_type=default memmap_on_memory=0
	region 1
	device 1 0 online_type=online_movable memmap_on_memory=0 target_node=3
} >"$work/devices"
{
	memory_device 0 0x10
	memory_device 1 0x10
	memory_device 2 0x20
	memory_device 3 0
	cxl_device 5 0
	cxl_device 6 2
	cxl_device 7 3
} >"$work/cxl-devices"

# config NAME: the file's text comes from standard input.
config()
{
	mkdir -p "$RELAY_CONFIG"
	cat >"$RELAY_CONFIG/$1"
}

fresh_config()
{
	rm -rf "$RELAY_CONFIG"
	mkdir "$RELAY_CONFIG"
}

# Upstream's place is taken by what tells how it was called.
relay()
{
	rm -f "$RELAY_LINK"
	# shellcheck disable=SC2016 # for the script to expand
	printf '#!/bin/bash\necho "[{\\"called\\":\\"$*\\"}]"\n' >"$RELAY_LINK"
	chmod +x "$RELAY_LINK"
}

# refuses STATUS MESSAGE: nothing is changed, and upstream is not asked.
refuses()
{
	run "$1" reconfigure-device -C all
	says "daxctl: error: $2"
	says "nothing was changed"
	says "error reconfiguring devices: "
	says "reconfigured 0 devices"
	expect "$stdout" ""
	expect "$(cat /sys/bus/dax/devices/*/online_type | xargs)" "default online_movable"
}

refuses_what_it_cannot_read()
{
	fresh_config
	config z.conf <<-END
		[reconfigure-device one]
		dax.path = *
		online_type = offline
	END
	mkdir "$RELAY_CONFIG/a.conf"
	refuses 235 "cannot read $RELAY_CONFIG/a.conf: Is a directory"
	rmdir "$RELAY_CONFIG/a.conf"
	ln -s nowhere "$RELAY_CONFIG/a.conf"
	refuses 254 "cannot read $RELAY_CONFIG/a.conf: it is a link to what does not exist"
	rm "$RELAY_CONFIG/a.conf"
	head -c 1048577 /dev/zero | tr '\0' '#' | config a.conf
	refuses 229 "$RELAY_CONFIG/a.conf is larger than 1048576 bytes"
	printf '[x]\0\n' | config a.conf
	refuses 234 "$RELAY_CONFIG/a.conf is not a text file"
	rm "$RELAY_CONFIG/a.conf"
	run 0 reconfigure-device -C -n dax0.0
	says 'dax0.0: write "offline"'
}

# Also when no other file has any extension key.
refuses_even_without_a_policy()
{
	fresh_config
	ln -s nowhere "$RELAY_CONFIG/a.conf"
	refuses 254 "cannot read $RELAY_CONFIG/a.conf"
	rm -r "$RELAY_CONFIG"
	ln -s nowhere "$RELAY_CONFIG"
	refuses 254 "cannot read $RELAY_CONFIG"
	rm "$RELAY_CONFIG"
	: >"$RELAY_CONFIG"
	refuses 236 "cannot read $RELAY_CONFIG: Not a directory"
	rm "$RELAY_CONFIG"
	run 0 reconfigure-device -C dax0.0
	expect "$stdout" '[{"called":"reconfigure-device -C dax0.0"}]'
}

refuses_without_permission()
{
	fresh_config
	config a.conf <<<"# nothing"
	chmod 0 "$RELAY_CONFIG/a.conf"
	as=unprivileged run 243 reconfigure-device -C dax0.0
	says "daxctl: error: cannot read $RELAY_CONFIG/a.conf: Permission denied"
	says "daxctl: run this as root, or correct the permissions; nothing was changed"
}

refuses_ambiguous_numbers()
{
	local key

	for key in cxl.serial dax.resource dax.target_node; do
		fresh_config
		config a.conf <<-END
			[reconfigure-device first]
			$key = 010
			online_type = offline
		END
		refuses 234 "$RELAY_CONFIG/a.conf:2: the leading 0 makes '010' ambiguous"
		says "daxctl: write 10 if it is decimal, or 0x10 if it is hexadecimal"
	done
}

# Two serial numbers do not mean either of them: only the last one would count.
refuses_keys_given_twice()
{
	fresh_config
	config a.conf <<-END
		[reconfigure-device first]
		dax.target_node = 1
		dax.target_node = 3
		online_type = offline
	END
	refuses 234 "$RELAY_CONFIG/a.conf:3: the key 'dax.target_node' is given twice in this section"
	says "daxctl: remove one of the lines, or write a section for each device"
	config a.conf <<-END
		[reconfigure-device first]
		nvdimm.uuid = 1-2-3
		mode = devdax
		mode = system-ram
		online_type = offline
	END
	refuses 234 "$RELAY_CONFIG/a.conf:4: the key 'mode' is given twice in this section"
	# For upstream, the last one counts.
	sed -i '/^online_type/d' "$RELAY_CONFIG/a.conf"
	run 0 reconfigure-device -C dax0.0
	expect "$stdout" '[{"called":"reconfigure-device -C dax0.0"}]'
	# In two sections, it is given once in each.
	config a.conf <<-END
		[reconfigure-device first]
		dax.target_node = 1
		online_type = offline
		[reconfigure-device second]
		dax.target_node = 3
		online_type = offline
	END
	run 0 reconfigure-device -C -n all
	says 'dax0.0: write "offline"'
	says 'dax1.0: write "offline"'
}

hints_at_the_key()
{
	fresh_config
	config a.conf <<-END
		[reconfigure-device first]
		nvdimm.uuid = 1-2-3
		mode = system-ram
		onlinetype = offline
	END
	refuses 234 "$RELAY_CONFIG/a.conf:4: unknown key 'onlinetype'"
	says "daxctl: did you mean 'online_type'?"
	# What upstream ignores beside its own keys.
	sed -i 's/^onlinetype/force/' "$RELAY_CONFIG/a.conf"
	run 0 reconfigure-device -C dax0.0
	expect "$stdout" '[{"called":"reconfigure-device -C dax0.0"}]'
}

takes_both_spellings()
{
	local joint

	for joint in _ -; do
		fresh_config
		config a.conf <<-END
			[reconfigure-device first]
			dax.target_node = 3
			online${joint}type = offline
			memmap${joint}on${joint}memory = on
		END
		run 0 reconfigure-device -C -n all
		says 'dax1.0: write "offline" to /sys/bus/dax/devices/dax1.0/online_type'
		says 'dax1.0: write "1" to /sys/bus/dax/devices/dax1.0/memmap_on_memory'
	done
	fresh_config
	config a.conf <<-END
		[reconfigure-device first]
		dax.target_node = 3
		memmap_on_memory = on
	END
	run 0 reconfigure-device -C -n all
	says 'dax1.0: write "1" to /sys/bus/dax/devices/dax1.0/memmap_on_memory'
	[[ $stderr != *online_type* ]] || fail "it writes a policy: $stderr"
}

# The rules of the command line, for a section with an extension key and for one of upstream's.
keeps_offline_or_refuses()
{
	local condition

	echo 1-2-3 >"$sys/devices/platform/hmem.1/uuid"
	for condition in "nvdimm.uuid = 1-2-3" "dax.target_node = 3"; do
		fresh_config
		config a.conf <<-END
			[reconfigure-device first]
			$condition
			mode = system-ram
			online = false
		END
		run 240 reconfigure-device -C dax1.0
		says "dax1.0: error: its policy 'online_movable' will auto-online memory, aborting"
		expect "$stdout" ""
		run 0 reconfigure-device -C -f dax1.0
		expect "$(jq -r '.[0].called' <<<"$stdout")" \
			"reconfigure-device --mode=system-ram --no-online --force dax1.0"
		run 0 reconfigure-device -C -n dax1.0
		says 'dax1.0: run "daxctl reconfigure-device --mode=system-ram --no-online dax1.0"'
	done
	# Under a policy that agrees, the section is upstream's own business.
	echo offline >/sys/bus/dax/devices/dax1.0/online_type
	config a.conf <<-END
		[reconfigure-device first]
		nvdimm.uuid = 1-2-3
		mode = system-ram
		online = false
	END
	run 0 reconfigure-device -C dax1.0
	expect "$stdout" '[{"called":"reconfigure-device -C dax1.0"}]'
}

# is_called_for_itself CONDITION: as the command line, which knows such a device.
is_called_for_itself()
{
	fresh_config
	config a.conf <<-END
		[reconfigure-device first]
		$1
		mode = devdax
	END
	run 0 reconfigure-device -C -n dax0.0
	says 'dax0.0: run "daxctl reconfigure-device --mode=devdax dax0.0" (section '"'first')"
}

leaves_system_ram()
{
	bound dax0.0 kmem
	echo unplugged >"$sys/devices/platform/hmem.0/dax0.0/state"
	echo 1-2-3 >"$sys/devices/platform/hmem.0/uuid"
	is_called_for_itself "nvdimm.uuid = 1-2-3"
	is_called_for_itself "dax.path = */hmem.0/*"
	rm "$sys/devices/platform/hmem.0/dax0.0/driver"
	bound dax0.0 device_dax
	config a.conf <<-END
		[reconfigure-device first]
		nvdimm.uuid = 1-2-3
		mode = devdax
	END
	run 0 reconfigure-device -C dax0.0
	expect "$stdout" '[{"called":"reconfigure-device -C dax0.0"}]'
}

is_not_applied() # DEVICE SERIAL MESSAGE
{
	fresh_config
	config a.conf <<-END
		[reconfigure-device first]
		cxl.serial = $2
		online_type = offline
	END
	run 234 reconfigure-device -C "$1"
	says "$1: error: section 'first' ($RELAY_CONFIG/a.conf:1) is not applied: $3"
	says "$1: match it by dax.resource or dax.path instead"
	says "reconfigured 0 devices"
	expect "$(<"/sys/bus/dax/devices/$1/online_type")" default
	run 234 status "$1"
	says "$1: error: section 'first' ($RELAY_CONFIG/a.conf:1) is not applied: $3"
	[[ $stdout = *"  ?        unknown" ]] || fail "$stdout"
}

reports_ambiguous_serials()
{
	# Where umockdev does not put it.
	mkdir "$sys/bus/cxl"
	ln -s ../../class/cxl "$sys/bus/cxl/devices"
	is_not_applied dax5.0 0x10 "2 CXL memory devices have the serial number 0x10"
	is_not_applied dax7.0 0 "cxl.serial = 0 stands for a device without a serial number"
	# About another device, it says nothing.
	run 0 reconfigure-device -C dax6.0
	expect "$stdout$stderr" ""
	config b.conf <<-END
		[reconfigure-device second]
		cxl.serial = 32
		online_type = offline
	END
	run 234 reconfigure-device -C -n all
	says 'dax6.0: write "offline"'
	says "dax7.0: error: section 'first'"
}

export cxl
export_functions
export RELAY_LINK RELAY_CONFIG
relay
ok "what cannot be read is an error that names the file" on_system refuses_what_it_cannot_read
ok "so it is in a directory without any policy, and only that may be missing" \
	on_system refuses_even_without_a_policy
ok "a file that may not be read is an error" on_system refuses_without_permission
ok "a number with a leading 0 is refused, with both remedies" on_system refuses_ambiguous_numbers
ok "a key that is given twice is refused" on_system refuses_keys_given_twice
ok "a key that is nearly one of the extension is refused, with a hint" on_system hints_at_the_key
ok "online_type and online-type mean the same, beside memmap_on_memory" on_system takes_both_spellings
ok "online = false is refused for a device whose policy would online it" \
	on_system keeps_offline_or_refuses
ok "mode = devdax for a device that kmem holds is done as on the command line" \
	on_system leaves_system_ram
mv "$work/cxl-devices" "$work/devices"
ok "a serial that is 0, or that two devices have, is reported and applied to none" \
	on_system reports_ambiguous_serials
done_testing
