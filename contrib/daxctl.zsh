#compdef daxctl
# SPDX-License-Identifier: GPL-2.0-only
#
# zsh completion for daxctl, upstream's and the extended one: commands, options and
# their values, and the devices and regions that there are. Commands and options are
# asked of whichever daxctl is called.

# _daxctl_devices [WORD...]: the names of the dax devices of the system, and these words.
_daxctl_devices()
{
	local -a devices

	devices=(/sys/bus/dax/devices/dax*(N:t))
	compadd -- $devices "$@"
}

_daxctl_regions()
{
	local -a regions

	regions=(/sys/bus/dax/devices/dax*(N:t))
	regions=(${${regions#dax}%%.*})
	compadd -- ${(u)regions} all
}

# _daxctl_online_types: as daxctl itself explains them.
_daxctl_online_types()
{
	local -a types
	local line

	for line in ${(f)"$($words[1] reconfigure-device --online-type=help 2>/dev/null)"}; do
		types+=("${line%% *}:${${line#* }## #}")
		if [[ $line = *"; for short: "* ]]; then
			types+=("${line##* }:the same as ${line%% *}")
		fi
	done
	_describe 'online type' types
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

_daxctl()
{
	local command=$words[2] option=$words[CURRENT-1]

	if [[ $PREFIX = --*=* ]]; then
		option=${PREFIX%%=*}=
		compset -P '*='
	fi
	if ((CURRENT == 2)) || [[ $command = help ]]; then
		compadd -- $($words[1] --list-cmds 2>/dev/null)
		return
	fi
	if [[ "$command $option" = "split-acpi "(-d|--directory(|=)) ]]; then
		_files
		return
	fi
	case $option in
	--online-type | --online-type=) _daxctl_online_types ;;
	--mode | --mode= | -m) compadd -- system-ram devdax famfs ;;
	--memmap-on-memory=) compadd -- on off ;;
	--dev | --dev= | -d) _daxctl_devices ;;
	--region | --region= | -r) _daxctl_regions ;;
	--input | --input=) _files ;;
	--size | --size= | -s | --align | --align= | -a) ;;
	*)
		if [[ $PREFIX = -* ]]; then
			# The names are complete; the status only says that nothing else was done.
			compadd -- $($words[1] $command --list-opts 2>/dev/null)
		elif _daxctl_takes_devices $command; then
			_daxctl_devices all
		fi
		;;
	esac
}

_daxctl "$@"
