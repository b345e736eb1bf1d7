# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # of the job
#
# What the host wants done, for the guest's init and for the systems of tests/system:
# they talk to tests/vm/run through three virtio-serial ports (stdout, stderr, control).
# Sourced, after lib.sh and after the job that run wrote: job, machine, size, expanders, command;
# terminal, rows, columns. Wants a function processes, which prints the ids of those that
# may be the command's.

# port NAME: prints the device of a virtio-serial port. They appear one by one.
port()
{
	local directory attempt

	for ((attempt = 0; attempt < 200; attempt++)); do
		for directory in /sys/class/virtio-ports/*; do
			if [[ -e $directory/name && $(<"$directory/name") = "$1" ]]; then
				wait_for "/dev/${directory##*/}"
				return
			fi
		done
		sleep 0.05
	done
	fail "no virtio-serial port called $1"
}

# run_command: runs it with plain pipes for output, which it may open anew
# (/dev/stderr) as it may not a port. Of the processes that are left, none outlives it.
run_command()
{
	local stdout stderr copiers process status=0

	mkfifo /run/stdout /run/stderr
	stdout=$(port stdout)
	stderr=$(port stderr)
	cat /run/stdout >"$stdout" &
	copiers=$!
	cat /run/stderr >"$stderr" &
	copiers+=" $!"
	(cd /root && exec setsid "${command[@]}") </dev/null >/run/stdout 2>/run/stderr || status=$?
	for process in $(processes); do
		case " $$ $copiers " in
		*" $process "*) ;;
		*) kill -KILL "$process" 2>/dev/null || : "has ended since" ;;
		esac
	done
	# shellcheck disable=SC2086 # two numbers
	wait $copiers
	return "$status"
}

# run_shell: the same for a person at a terminal.
run_shell()
{
	export TERM=$terminal PS1="$machine:\\w# "
	cd /root || return
	stty -F /dev/hvc0 rows "$rows" columns "$columns"
	setsid -c bash -i </dev/hvc0 >/dev/hvc0 2>&1
}

# report_leaks: what kmemleak knows goes to the console, where run looks.
report_leaks()
{
	local leaks=/sys/kernel/debug/kmemleak

	if [[ -e $leaks ]]; then
		# It reports what is five seconds old, and unreferenced in two
		# scans in a row.
		sleep 6
		echo scan >"$leaks"
		echo scan >"$leaks"
		cat "$leaks" >&2
	fi
}

# do_job: and report to the host. The control port stays open.
do_job()
{
	local control control_fd status=0

	control=$(port control)
	exec {control_fd}>"$control"
	echo ready >&"$control_fd"
	"run_$job" || status=$?
	report_leaks
	echo "status $status" >&"$control_fd"
}
