#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl status on a mocked /sys. RELAY is a daxctl that has its configuration in
# $RELAY_CONFIG.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
DAXCTL=$RELAY
trap 'rm -rf "$work" "$RELAY_CONFIG"' EXIT

# dax0.0 has the memory blocks 32 to 39, dax2.0 those from 48 on.
{
	region 0
	device 0 0 online_type=online_movable
	region 2
	device 2 0 online_type=default target_node=2
	region 10
	device 10 0 online_type=offline target_node=10
} >"$work/devices"

# in_memory ZONE: every block of dax0.0.
in_memory()
{
	local id

	for id in {32..39}; do
		block "$id" online "$1"
	done
}

no_config()
{
	rm -rf "$RELAY_CONFIG"
}

# field DEVICE FILTER: what the JSON has.
field()
{
	jq -c --arg device "$1" ".[] | select(.chardev == \$device) | $2" <<<"$stdout"
}

all_agree()
{
	no_config
	bound dax0.0 kmem
	bound dax2.0 device_dax
	in_memory Movable
	run 0 status
	expect "$stdout" \
"DEVICE   MODE        SIZE  NODE  POLICY          MEMORY     SECTION  STATUS
dax0.0   system-ram    1G     1  online_movable  8 Movable  -        ok
dax2.0   devdax        1G     2  default         -          -        ok
dax10.0  disabled      1G    10  offline         -          -        ok"
	expect "$stderr" ""
}

memory_elsewhere()
{
	no_config
	bound dax0.0 kmem
	in_memory Movable
	block 35 offline "Normal Movable"
	rm -r "$sys/devices/system/memory/memory39"
	run 64 status dax0.0
	expect "$stdout" \
"DEVICE  MODE        SIZE  NODE  POLICY          MEMORY                             SECTION  STATUS
dax0.0  system-ram    1G     1  online_movable  6 Movable, 1 unplugged, 1 offline  -        drift

dax0.0: drift: 2 of 8 memory blocks are not in Movable: 1 unplugged, 1 offline"
	COLUMNS=80 run 64 status dax0.0
	expect "$stdout" \
"DEVICE  MODE        SIZE  NODE  POLICY          MEMORY       SECTION  STATUS
dax0.0  system-ram    1G     1  online_movable  6 Movable    -        drift
                                                1 unplugged
                                                1 offline

dax0.0: drift: 2 of 8 memory blocks are not in Movable: 1 unplugged, 1 offline"
	run 64 status --json dax0.0
	expect "$(field dax0.0 .memory)" '{"unplugged":1,"offline":1,"Movable":6}'
	expect "$(field dax0.0 .drift)" '["2 of 8 memory blocks are not in Movable: 1 unplugged, 1 offline"]'
	# The others are as they should be.
	run 0 status dax2.0 dax10.0
}

without_policy()
{
	no_config
	bound dax2.0 kmem
	block 48 online Normal
	run 0 status dax2.0
	[[ $stdout = *"1 Normal, 7 unplugged"* ]] || fail "$stdout"
}

section_not_applied()
{
	config a.conf <<-END
		[reconfigure-device my expander]
		dax.path = */dax2.0
		online-type = movable
	END
	bound dax0.0 kmem
	in_memory Movable
	bound dax2.0 device_dax
	run 64 status
	expect "$stdout" \
"DEVICE   MODE        SIZE  NODE  POLICY          MEMORY     SECTION      STATUS
dax0.0   system-ram    1G     1  online_movable  8 Movable  -            ok
dax2.0   devdax        1G     2  default         -          my expander  drift
dax10.0  disabled      1G    10  offline         -          -            ok

dax2.0: drift: its mode is devdax, but section 'my expander' wants system-ram
dax2.0: drift: its policy is default, but section 'my expander' wants online_movable
section 'my expander': $RELAY_CONFIG/a.conf:1"
	run 64 status --json
	expect "$(jq -c '[.[].drift | length]' <<<"$stdout")" "[0,2,0]"
}

section_applied()
{
	config a.conf <<-END
		[reconfigure-device]
		dax.path = */dax0.0
		online-type = movable
	END
	bound dax0.0 kmem
	in_memory Movable
	run 0 status dax0.0
	[[ $stdout = *"  a.conf:1  ok" ]] || fail "$stdout"
	echo online_kernel >"$sys/bus/dax/devices/dax0.0/online_type"
	run 64 status dax0.0
	[[ $stdout = *"dax0.0: drift: its policy is online_kernel, but section 'a.conf:1' wants online_movable"* ]] ||
		fail "$stdout"
}

upstreams_section()
{
	config a.conf <<-END
		[reconfigure-device two]
		dax.path = */dax2.0
		mode = system-ram
		movable = false
	END
	bound dax2.0 kmem
	block 48 online Normal
	run 64 status dax2.0
	[[ $stdout = *"7 of 8 memory blocks are not in a kernel zone: 7 unplugged"* ]] || fail "$stdout"
	run 64 status --json dax2.0
	expect "$(field dax2.0 .config.online_type)" null
}

json_keys()
{
	config a.conf <<-END
		[reconfigure-device two]
		dax.target_node = 2
		online-type = offline
	END
	bound dax0.0 kmem
	in_memory Movable
	run 64 status --json
	expect "$(jq -c 'map(.chardev)' <<<"$stdout")" '["dax0.0","dax2.0","dax10.0"]'
	expect "$(field dax0.0 .)" '{"chardev":"dax0.0","mode":"system-ram","size":1073741824,"target_node":1,"online_type":"online_movable","memory":{"Movable":8},"config":null,"drift":[]}'
	expect "$(field dax2.0 'del(.drift)')" '{"chardev":"dax2.0","mode":"disabled","size":1073741824,"target_node":2,"online_type":"default","memory":{},"config":{"section":"two","file":"'"$RELAY_CONFIG"'/a.conf","line":1,"mode":"system-ram","online_type":"offline"}}'
	run 0 status dax0.0 --json
	expect "$(jq length <<<"$stdout")" 1
}

# jq would replace such bytes itself.
json_is_utf8()
{
	printf '[reconfigure-device caf\351]\ndax.path = */dax2.0\nonline-type = offline\n' | config a.conf
	run 64 status --json dax2.0
	iconv -f UTF-8 -t UTF-8 "$work/stdout" >/dev/null
	expect "$(field dax2.0 .config.section)" $'"caf\xef\xbf\xbd"'
	[[ $(field dax2.0 '.drift[0]') = *$'caf\xef\xbf\xbd'* ]] || fail "$stdout"
}

wrong_configuration()
{
	config a.conf <<-END
		[reconfigure-device a]
		dax.path = *
		online-type = nonsense
	END
	run 234 status
	says "a.conf:3: "
	[[ $stdout = *"  ?        unknown"* ]] || fail "$stdout"
	run 234 status --json
	expect "$(jq -c 'map(.config)' <<<"$stdout")" "[null,null,null]"
}

warns_of_two_sections()
{
	config a.conf <<-END
		[reconfigure-device first]
		dax.path = */dax10.0
		mode = devdax
		[reconfigure-device second]
		dax.target_node = 10
		online-type = offline
	END
	bound dax10.0 device_dax
	run 0 status dax10.0
	says "dax10.0: warning: section 'second' ($RELAY_CONFIG/a.conf:4) matches too; 'first' ($RELAY_CONFIG/a.conf:1) is used"
}

missing_devices()
{
	no_config
	run 250 status dax0.0 dax9.9
	says "dax9.9: error: there is no such dax device; see daxctl list --idle"
	[[ $stdout = *$'\ndax0.0 '* ]] || fail "$stdout"
	run 250 status --json dax9.9
	expect "$(jq -c . <<<"$stdout")" "[]"
}

# added_by_kmem DEVICE...: as /proc/iomem tells of their memory.
added_by_kmem()
{
	local device start

	mkdir -p "$UMOCKDEV_DIR/proc"
	for device; do
		start=$(<"$sys/bus/dax/devices/$device/resource")
		printf '%x-%x : %s\n' "$start" $((start + 0x3fffffff)) "$device"
		printf '  %x-%x : System RAM (kmem)\n' "$start" $((start + 0x3fffffff))
	done >"$UMOCKDEV_DIR/proc/iomem"
}

leftover_memory()
{
	no_config
	bound dax0.0 kmem
	in_memory Movable
	bound dax2.0 device_dax
	added_by_kmem dax0.0 dax2.0
	run 64 status
	says "0x180000000-0x1bfffffff: drift: this memory is system RAM, and its dax device is gone or has left kmem; it stays until reboot"
	[[ $stderr != *0x100000000* ]] || fail "$stderr"
	run 0 status dax0.0
	expect "$stderr" ""
}

# As in a container: libdaxctl passes over such a device, and its memory is not gone.
without_a_node()
{
	local words

	no_config
	bound dax0.0 kmem
	in_memory Movable
	bound dax2.0 kmem
	added_by_kmem dax0.0 dax2.0
	run 0 status
	expect "$stderr" ""
	rm "$UMOCKDEV_DIR/dev/dax2.0"
	for words in status "status --json" "status all"; do
		# shellcheck disable=SC2086 # several words
		run 250 $words
		expect "$(grep -v ^libdaxctl: "$work/stderr")" "dax2.0: error: the device is there, and its node /dev/dax2.0 is not
dax2.0: see whether udev is running (systemctl status systemd-udevd), and have it make the node (udevadm trigger /sys/bus/dax/devices/dax2.0)"
		[[ $stdout = *dax0.0*dax10.0* ]] || fail "$stdout"
	done
	run 0 status dax0.0
	# Nor is it if no device has a node, or if one cannot be read.
	rm "$UMOCKDEV_DIR/dev"/dax*
	for words in status "status all"; do
		# shellcheck disable=SC2086
		run 250 $words
		expect "$stdout" ""
		expect "$(grep -c 'and its node /dev/dax.* is not$' "$work/stderr")" 3
		expect "$(grep -vc ^libdaxctl: "$work/stderr")" 6
	done
	touch "$UMOCKDEV_DIR/dev/dax"{0,10}.0
	rm "$sys/bus/dax/devices/dax2.0/size"
	run 254 status
	says "dax2.0: error: cannot read its attributes: No such file or directory"
	[[ $stderr != *reboot* ]] || fail "$stderr"
}

# A seed is the region's next device.
seeds()
{
	no_config
	echo 0 >"$sys/bus/dax/devices/dax10.0/size"
	run 0 status
	[[ $stdout != *dax10.0* ]] || fail "$stdout"
	run 0 status all
	[[ $stdout != *dax10.0* ]] || fail "$stdout"
	run 0 status 10.0
	[[ $stdout = *"dax10.0  disabled    0B"* ]] || fail "$stdout"
}

wrong_usage()
{
	run 129 status ../dax0.0
	says "daxctl status: error: '../dax0.0' is not the name of a dax device, such as dax0.0"
	run 129 status --bogus
	says "unknown option \`bogus'
Try 'daxctl status -h' or 'daxctl help status'."
	run 129 status --json=x
	run 129 status -h
	says "    --json"
	expect "$stdout" ""
	run 130 status --list-opts
	expect "$stdout" "--json --version "
}

# on_terminal [NAME=VALUE...]: what daxctl status writes to one of 80 columns.
on_terminal()
{
	script -qec "stty cols 80; $* '$DAXCTL' status" /dev/null </dev/null | tr -d '\r'
}

colours()
{
	local red=$'\e[1;31mdrift\e[0m'

	no_config
	bound dax0.0 kmem
	run 64 status
	[[ $stdout != *$'\e'* ]] || fail "$stdout"
	[[ $(on_terminal TERM=xterm) = *"  $red"* ]] || fail "not red: $(on_terminal TERM=xterm)"
	[[ $(on_terminal TERM=xterm NO_COLOR=1) != *$'\e'* ]] || fail "colour in spite of NO_COLOR"
	[[ $(on_terminal TERM=dumb) != *$'\e'* ]] || fail "colour on a dumb terminal"
	[[ $(on_terminal TERM=xterm NO_COLOR=1 | wc -L) -le 80 ]] || fail "$(on_terminal)"
}

full_output()
{
	local status=0

	no_config
	"$DAXCTL" status >/dev/full 2>"$work/stderr" || status=$?
	expect "$status" 1
	grep -q "cannot write to standard output: No space left" "$work/stderr"
}

no_devices()
{
	no_config
	run 0 status
	expect "$stdout" ""
	says "there is no dax device"
	run 0 status --json
	expect "$(jq -c . <<<"$stdout")" "[]"
	run 250 status all
	says "all: error: there is no dax device; see daxctl list --idle"
}

unprivileged()
{
	no_config
	bound dax0.0 kmem
	in_memory Movable
	# Without privilege, the kernel does not tell addresses.
	rm "$sys/bus/dax/devices/dax0.0/resource"
	run 243 status
	says "dax0.0: error: cannot read where its memory is: Permission denied"
	says "dax0.0: run this as root"
	[[ $stdout = *"online_movable  ?       ?        unknown"* ]] || fail "$stdout"
	run 243 status --json
	expect "$(field dax0.0 '[.memory, .config, .drift]')" "[null,null,[]]"
}

export RELAY_CONFIG
says_its_version()
{
	run 0 status --version
	[[ $stdout = "daxctl with online policies, version "[0-9]*"; upstream daxctl is /"* ]] ||
		fail "it says: $stdout"
}

export_functions
ok "a line for each device, in natural order; 0 when all agree" on_system all_agree
ok "memory that is not where the policy says is drift" on_system memory_elsewhere
ok "without a policy, memory is right wherever it is" on_system without_policy
ok "a section that has not been applied is drift" on_system section_not_applied
ok "a section that has been applied is none, unless the policy differs" on_system section_applied
ok "memory is compared with what a section of upstream's says" on_system upstreams_section
ok "JSON has the same keys for every device" on_system json_keys
ok "JSON is UTF-8 whatever the name of a section is" on_system json_is_utf8
ok "a configuration that cannot be read is an error" on_system wrong_configuration
ok "that two sections match is told" on_system warns_of_two_sections
ok "a device that is not there is an error, and the others are shown" on_system missing_devices
ok "memory that has no device any more is drift" on_system leftover_memory
ok "a device without a node is an error, and its memory is not left over" on_system without_a_node
ok "devices without memory are shown if they are named" on_system seeds
ok "a wrong command line gets two lines about it" on_system wrong_usage
ok "colours are for terminals, which lines fit" on_system colours
ok "a table that cannot be written is an error" on_system full_output
ok "what cannot be read without privilege is unknown, and an error" on_system unprivileged
: >"$work/devices"
region 0 >"$work/devices"
ok "--version tells which daxctl this is" on_system says_its_version
ok "no device is nothing to show" on_system no_devices
done_testing
