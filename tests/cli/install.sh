#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: install.sh SOURCE_DIR
# Installs into a prefix, uses it from there by name, and uninstalls. Builds
# anew, because the prefix is part of the program.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

source=$1
# With a space, as whatever names it has to quote it.
prefix="$work/a prefix"

{
	region 0
	device 0 0 online_type=default
} >"$work/devices"

installs()
{
	meson setup -Dtests=disabled --prefix "$prefix" -Dmandir=share/man "$work/build" "$source"
	meson install -C "$work/build"
	expect "$(cd "$prefix" && find . -type f | sort)" './bin/daxctl
./lib/systemd/system/daxctl-status.service
./lib/systemd/system/daxctl-status.timer
./lib/systemd/system/daxdev-reconfigure@.service
./lib/udev/rules.d/90-daxctl-device.rules
./share/bash-completion/completions/daxctl
./share/doc/dax-online-policy/examples/60-dax-online-type.example.rules
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/defaults/main.yml
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/handlers/main.yml
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/meta/argument_specs.yml
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/meta/main.yml
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/tasks/main.yml
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/templates/daxctl.conf.j2
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/templates/modprobe.conf.j2
./share/doc/dax-online-policy/examples/ansible/roles/dax_online_policy/vars/main.yml
./share/doc/dax-online-policy/examples/ansible/site.example.yml
./share/doc/dax-online-policy/examples/dax-online
./share/doc/dax-online-policy/examples/dax-online-type-tmpfiles.example.conf
./share/doc/dax-online-policy/examples/dax-online-type.example.conf
./share/doc/dax-online-policy/examples/online-type.example.conf
./share/fish/vendor_completions.d/daxctl.fish
./share/man/man1/daxctl-list.1
./share/man/man1/daxctl-reconfigure-device.1
./share/man/man1/daxctl-status.1
./share/man/man7/daxctl-online-type.7
./share/zsh/site-functions/_daxctl'
}

by_name()
{
	PATH=$prefix/bin:$PATH
	expect "$(type -P daxctl)" "$prefix/bin/daxctl"
	daxctl reconfigure-device --online-type=movable dax0.0 >/dev/null 2>&1
	expect "$(daxctl list | jq -r '.[0].online_type')" online_movable
	expect "$(daxctl --version)" "$(/usr/bin/daxctl --version)"
}

by_a_link()
{
	ln -s "$prefix/bin/daxctl" "$work/daxctl"
	expect "$("$work/daxctl" --version)" "$(/usr/bin/daxctl --version)"
}

shows_the_installed_page()
{
	grep -q -e --blocks <<<"$(MANWIDTH=100 "$prefix/bin/daxctl" help list)"
	grep -q -e --online-type <<<"$(MANWIDTH=100 "$prefix/bin/daxctl" reconfigure-device --help)"
	grep -q -e --json <<<"$(MANWIDTH=100 "$prefix/bin/daxctl" help status)"
}

# completes WORD...: prints what the last word could become.
completes()
{
	PATH=$prefix/bin:$PATH
	# shellcheck source=/dev/null # made by the build
	. "$prefix/share/bash-completion/completions/daxctl"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_daxctl
	printf '%s ' "${COMPREPLY[@]}"
}

completion()
{
	expect "$(completes daxctl reco)" "reconfigure-device "
	expect "$(completes daxctl reconfigure-device --onl)" "--online-type "
	expect "$(completes daxctl reconfigure-device --online-type = onl)" "online online_kernel online_movable "
	expect "$(completes daxctl reconfigure-device --online-type =)" "default offline online online_kernel kernel online_movable movable unplugged "
	expect "$(completes daxctl reconfigure-device --mode sys)" "system-ram "
	expect "$(completes daxctl reconfigure-device d)" "dax0.0 "
	expect "$(completes daxctl reconfigure-device --sav)" "--save "
	expect "$(completes daxctl reconfigure-device --forg)" "--forget "
	expect "$(completes daxctl reconfigure-device --forget d)" "dax0.0 "
	expect "$(completes daxctl list --bl)" "--blocks "
	expect "$(completes daxctl list -d "")" "dax0.0 "
	expect "$(completes daxctl help li)" "list "
	expect "$(completes daxctl online-memory --no-m)" "--no-movable "
}

systemd_accepts_the_units()
{
	local output

	output=$(systemd-analyze verify --man=no \
		"$prefix/lib/systemd/system/daxdev-reconfigure@dev-dax0.0.service" \
		"$prefix/lib/systemd/system/daxctl-status".{service,timer} 2>&1) ||
		fail "$output"
	expect "$output" ""
}

uninstalls()
{
	ninja -C "$work/build" uninstall
	expect "$(find "$prefix" -type f)" ""
}

export prefix source
export_functions
ok "it installs the program and what belongs to it, and nothing else" installs
ok "it is used by its name, before upstream's" on_system by_name
ok "it is used through a link" by_a_link
ok "help shows the installed pages" shows_the_installed_page
ok "the installed completion knows commands, options, values and devices" on_system completion
ok "systemd accepts the units, and finds the program that they run" systemd_accepts_the_units
ok "it uninstalls everything" uninstalls
done_testing
