#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl status: what it says about a device follows what happens to it, whoever
# changes what.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

conf=/etc/daxctl.conf.d
number=$(blocks_of dax0.0 | wc -l)
first=$(first_block dax0.0)

# status EXPECTED ARGUMENT...: its exit status must be that; the output is in $output.
status()
{
	local expected=$1 status=0

	shift
	output=$(daxctl status "$@" 2>/tmp/stderr) || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $output$(</tmp/stderr)"
}

# json FILTER: of the only device.
json()
{
	daxctl status --json dax0.0 | jq -c ".[0] | $1"
}

says()
{
	[[ $output = *"$1"* ]] || fail "it does not say '$1' but: $output"
}

reconfigure()
{
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || fail "$(</tmp/stderr)"
}

in_devdax()
{
	rm -rf "$conf"
	reconfigure --mode=devdax --force
	set_policy dax0.0 default
}

in_system_ram()
{
	in_devdax
	reconfigure --mode=system-ram --online-type=movable
}

# section TEXT: one for dax0.0.
section()
{
	mkdir -p "$conf"
	printf '[reconfigure-device test]\ndax.resource = %s\n%s\n' \
		"$(<"$dax_devices/dax0.0/resource")" "$1" >"$conf/test.conf"
}

without_a_wish()
{
	in_devdax
	status 0
	expect "$(json '[.mode, .online_type, .memory, .config, .drift]')" '["devdax","default",{},null,[]]'
	modprobe kmem
	move dax0.0 kmem
	status 0
	expect "$(json '[.mode, .drift]')" '["system-ram",[]]'
}

follows_the_blocks()
{
	in_system_ram
	status 0
	expect "$(json '[.online_type, .memory]')" "[\"online_movable\",{\"Movable\":$number}]"
	echo offline >"$memory/memory$first/state"
	status 64
	says "dax0.0: drift: 1 of $number memory blocks is not in Movable: 1 offline"
	expect "$(json .memory)" "{\"offline\":1,\"Movable\":$((number - 1))}"
	echo online_movable >"$memory/memory$first/state"
	status 0
}

follows_state()
{
	in_system_ram
	echo unplugged >"$dax_devices/dax0.0/state"
	status 64
	says "$number of $number memory blocks are not in Movable: $number unplugged"
	echo online_movable >"$dax_devices/dax0.0/state"
	status 0
	in_devdax
	reconfigure --mode=system-ram --online-type=unplugged
	status 0
	expect "$(json .memory)" "{\"unplugged\":$number}"
}

section_is_applied()
{
	in_devdax
	section "online-type = movable"
	status 64
	says "dax0.0: drift: its mode is devdax, but section 'test' wants system-ram"
	says "dax0.0: drift: its policy is default, but section 'test' wants online_movable"
	says "section 'test': $conf/test.conf:1"
	reconfigure --check-config
	status 0
	expect "$(json '[.config.section, .config.line, .config.online_type, .drift]')" \
		'["test",1,"online_movable",[]]'
}

section_changes()
{
	in_system_ram
	section "online-type = offline"
	status 64
	says "its policy is online_movable, but section 'test' wants offline"
	says "$number of $number memory blocks are not offline: $number Movable"
}

somebody_unbinds()
{
	in_system_ram
	section "online-type = movable"
	status 0
	take_out dax0.0
	unbind dax0.0
	status 64
	says "its mode is disabled, but section 'test' wants system-ram"
	bind dax0.0 kmem
	status 0
}

upstreams_section()
{
	in_devdax
	section "mode = devdax"
	status 0
	reconfigure --mode=system-ram --online-type=movable
	status 64
	says "its mode is system-ram, but section 'test' wants devdax"
}

# The kernel tells addresses to the superuser alone.
by_an_ordinary_user()
{
	local status=0

	in_system_ram
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		daxctl status >/tmp/stdout 2>/tmp/stderr || status=$?
	expect "$status" 243
	grep -q "dax0.0: run this as root" /tmp/stderr
	grep -q "^dax0.0  system-ram .* unknown$" /tmp/stdout
}

ok "without a policy and a section, all agree" without_a_wish
ok "a block that somebody takes offline is drift until it is back" follows_the_blocks
if has_unplugged; then
	ok "memory that somebody unplugs is drift until it is back" follows_state
fi
ok "a section is drift until it is applied" section_is_applied
ok "a section that changes is drift" section_changes
ok "a device that loses its driver is drift until kmem has it again" somebody_unbinds
ok "a section of upstream's that wants devdax is compared too" upstreams_section
ok "an ordinary user is told what cannot be known" by_an_ordinary_user
done_testing
