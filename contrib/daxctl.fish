# SPDX-License-Identifier: GPL-2.0-only
#
# fish completion for daxctl, upstream's and the extended one: commands, options and
# their values, and the devices and regions that there are. Commands and options are
# asked of whichever daxctl is called.

# __daxctl WORD...: the daxctl that is being typed, with these words.
function __daxctl
    set -l typed (commandline -opc)
    $typed[1] $argv 2>/dev/null
end

# Is this the first word behind daxctl, or behind help?
function __daxctl_wants_command
    set -l typed (commandline -opc)
    test (count $typed) -eq 1; or test "$typed[2]" = help
end

# The names are complete; the status only says that nothing else was done.
function __daxctl_options
    set -l typed (commandline -opc)
    __daxctl $typed[2] --list-opts | string split --no-empty ' '
end

# __daxctl_has OPTION: does the command have it?
function __daxctl_has
    not __daxctl_wants_command; and contains -- --$argv[1] (__daxctl_options)
end

function __daxctl_devices
    for path in /sys/bus/dax/devices/dax*
        string replace --regex '.*/' '' $path
    end
end

function __daxctl_regions
    __daxctl_devices | string replace --regex '^dax([0-9]+).*' '$1' | sort -u
    echo all
end

# As daxctl itself explains them.
function __daxctl_online_types
    for line in (__daxctl reconfigure-device --online-type=help)
        string replace --regex '^(\S+) +' '$1\t' $line
        string replace --filter --regex '^(\S+) .*; for short: (\S+)$' '$2\tthe same as $1' $line
    end
end

# Does the command take devices as arguments?
function __daxctl_takes_devices
    set -l typed (commandline -opc)
    contains -- "$typed[2]" reconfigure-device destroy-device enable-device disable-device \
        online-memory offline-memory status
end

complete -c daxctl -f
complete -c daxctl -n __daxctl_wants_command -a '(__daxctl --list-cmds)'
complete -c daxctl -n 'not __daxctl_wants_command; and string match -q -- "-*" (commandline -ct)' \
    -a '(__daxctl_options)'
complete -c daxctl -n __daxctl_takes_devices -a '(__daxctl_devices) all'
complete -c daxctl -n '__daxctl_has online-type' -l online-type -x -a '(__daxctl_online_types)'
complete -c daxctl -n '__daxctl_has mode' -l mode -s m -x -a 'system-ram devdax famfs'
complete -c daxctl -n '__daxctl_has dev' -l dev -s d -x -a '(__daxctl_devices)'
complete -c daxctl -n '__daxctl_has region' -l region -s r -x -a '(__daxctl_regions)'
complete -c daxctl -n '__daxctl_has size' -l size -s s -x
complete -c daxctl -n '__daxctl_has align' -l align -s a -x
complete -c daxctl -n '__daxctl_has input' -l input -r -F
complete -c daxctl -n '__daxctl_has directory' -l directory -s d -r -F
complete -c daxctl -n '__daxctl_has memmap-on-memory; and string match -q -- "--*=*" (commandline -ct)' \
    -l memmap-on-memory -x -a 'on off'
