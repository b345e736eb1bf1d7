# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# bash completion for daxctl, upstream's and the extended one: commands, options and
# their values, devices and regions. The daxctl that is called lists its own commands
# and options.

# _daxctl_devices: the names of the dax devices of the system.
_daxctl_devices()
{
	local path

	for path in /sys/bus/dax/devices/dax*; do
		if [[ -e $path ]]; then
			printf '%s\n' "${path##*/}"
		fi
	done
}

# _daxctl_online_types: every spelling that daxctl itself lists.
_daxctl_online_types()
{
	"${COMP_WORDS[0]}" reconfigure-device --online-type=help 2>/dev/null |
		sed -E 's/^([^ ]+) .*; for short: (.+)$/\1 \2/; t; s/ .*//'
}

# _daxctl_takes_devices COMMAND: as arguments.
_daxctl_takes_devices()
{
	case $1 in
	reconfigure-device | destroy-device | enable-device | disable-device) ;;
	online-memory | offline-memory | status) ;;
	*) return 1 ;;
	esac
}

# _daxctl_takes_file COMMAND OPTION: as its value.
_daxctl_takes_file()
{
	case "$1 $2" in
	*" --input" | *" --input=") ;;
	"split-acpi --directory" | "split-acpi --directory=" | "split-acpi -d") ;;
	*) return 1 ;;
	esac
}

# _daxctl_values OPTION: what may follow it, if that is known. The value of
# --memmap-on-memory is no word of its own: "OPTION=" then.
_daxctl_values()
{
	case $1 in
	--online-type | --online-type=) _daxctl_online_types ;;
	--mode | --mode= | -m) echo system-ram devdax famfs ;;
	--memmap-on-memory=) echo on off ;;
	--dev | --dev= | -d) _daxctl_devices ;;
	--region | --region= | -r)
		_daxctl_devices | sed -E 's/^dax([0-9]+).*/\1/' | sort -u
		echo all
		;;
	--size | --size= | -s | --align | --align= | -a) ;;
	*) return 1 ;;
	esac
}

_daxctl()
{
	local daxctl=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local command=${COMP_WORDS[1]-} before=${COMP_WORDS[COMP_CWORD - 1]} words

	COMPREPLY=()
	# "=" is a word of its own: --online-type = mov
	if [[ $word = "=" ]]; then
		word=
		before+="="
	elif [[ $before = "=" ]]; then
		before="${COMP_WORDS[COMP_CWORD - 2]}="
	fi
	if ((COMP_CWORD == 1)); then
		words=$("$daxctl" --list-cmds 2>/dev/null)
	elif [[ $command = help ]]; then
		words=$("$daxctl" --list-cmds 2>/dev/null)
	elif _daxctl_takes_file "$command" "$before"; then
		# compopt fails outside of readline.
		if [[ ${COMP_TYPE-} ]]; then
			compopt -o filenames
		fi
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	elif words=$(_daxctl_values "$before"); then
		:
	elif [[ $word = -* ]]; then
		# Upstream's exit status is 130 here although the list is complete.
		words=$("$daxctl" "$command" --list-opts 2>/dev/null)
	elif _daxctl_takes_devices "$command"; then
		words="$(_daxctl_devices) all"
	else
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _daxctl daxctl
