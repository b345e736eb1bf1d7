#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: completion.sh CONTRIB_DIR
# Completion in bash, zsh and fish: the same words in all of them.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

contrib=$1
tests=$(dirname "$(realpath "$0")")

{
	region 0
	device 0 0 online_type=default
	region 3
	device 3 0 online_type=default
} >"$work/devices"

# complete_in SHELL LINE: prints what the last word could become, a line each,
# without what is there of "--option=" and without explanations.
complete_in()
{
	"complete_in_$1" "$2" | sed -E 's/^--[a-z-]+=//; s/\t.*//' | LC_ALL=C sort -u
}

complete_in_bash()
{
	local line=$1

	# As readline breaks the line: "=" is a word of its own.
	line=${line//=/ = }
	read -ra COMP_WORDS <<<"$line"
	if [[ $line = *[!=]\  ]]; then
		COMP_WORDS+=("")
	fi
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	# shellcheck source=SCRIPTDIR/../../contrib/daxctl.bash
	. "$contrib/daxctl.bash"
	_daxctl
	printf '%s\n' "${COMPREPLY[@]}"
}

complete_in_zsh()
{
	"$tests/complete.zsh" "$work/zsh" "$1"
}

# shellcheck disable=SC2016 # for fish to expand
complete_in_fish()
{
	HOME=$work fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$contrib/daxctl.fish" "$1"
}

# completes LINE WORD...: in the shell that is being tested.
completes()
{
	local line=$1 expected words

	shift
	expected=$(printf '%s\n' "$@" | LC_ALL=C sort -u)
	words=$(complete_in "$shell" "$line")
	expect "$line: ${words//$'\n'/ }" "$line: ${expected//$'\n'/ }"
}

in_path()
{
	mkdir -p "$work/bin" "$work/zsh"
	ln -sf "$DAXCTL" "$work/bin/daxctl"
	cp "$contrib/daxctl.zsh" "$work/zsh/_daxctl"
	PATH=$work/bin:$PATH
}

commands()
{
	in_path
	completes "daxctl st" status
	completes "daxctl reco" reconfigure-device
	completes "daxctl help li" list
}

options()
{
	in_path
	completes "daxctl reconfigure-device --onl" --online-type
	completes "daxctl list --bl" --blocks
	completes "daxctl status --" --json --version
	completes "daxctl online-memory --no-m" --no-movable
}

values()
{
	local option types=(default offline online online_kernel kernel online_movable movable unplugged)

	in_path
	completes "daxctl reconfigure-device --online-type=onl" online online_kernel online_movable
	completes "daxctl reconfigure-device --online-type mov" movable
	for option in --online-type= "--online-type "; do
		completes "daxctl reconfigure-device $option" "${types[@]}"
	done
	completes "daxctl reconfigure-device --mode=sys" system-ram
	completes "daxctl reconfigure-device -m " system-ram devdax famfs
	completes "daxctl reconfigure-device --region " 0 3 all
}

# Of its own, "on" would be the name of a device.
optional_values()
{
	in_path
	completes "daxctl reconfigure-device --memmap-on-memory=" on off
	completes "daxctl reconfigure-device --memmap-on-memory " all dax0.0 dax3.0
}

devices()
{
	local command

	in_path
	completes "daxctl reconfigure-device d" dax0.0 dax3.0
	completes "daxctl status " all dax0.0 dax3.0
	completes "daxctl status dax0.0 dax3" dax3.0
	completes "daxctl list -d " dax0.0 dax3.0
	for command in reconfigure-device destroy-device enable-device disable-device online-memory offline-memory; do
		completes "daxctl $command " all dax0.0 dax3.0
	done
	for command in create-device list migrate-device-model split-acpi version; do
		completes "daxctl $command "
	done
}

files()
{
	in_path
	mkdir -p "$work/files"
	cd "$work/files"
	touch device.json table.dat
	completes "daxctl create-device --input " device.json table.dat
	completes "daxctl reconfigure-device --input=dev" device.json
	completes "daxctl split-acpi --directory=ta" table.dat
	completes "daxctl split-acpi -d " device.json table.dat
}

export_functions
export contrib tests
for shell in bash zsh fish; do
	export shell
	ok "$shell completes commands" on_system commands
	ok "$shell completes options" on_system options
	ok "$shell completes the values of options" on_system values
	ok "$shell completes values that may be left out only behind \"=\"" on_system optional_values
	ok "$shell completes the names of devices, for commands that take some" on_system devices
	ok "$shell completes the names of files" on_system files
done
done_testing
