# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script of this project says, and where it keeps what it builds.
# Sourced, after "set -euo pipefail".

# A failure inside of $(...) ends the script too.
shopt -s inherit_errexit

# say MESSAGE...: progress, for the person who waits. Standard output is kept
# for results.
say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE...: what failed, why, and what to do about it; then exit 1.
die()
{
	say "error: $*"
	exit 1
}

# first_error LOG: prints the line of a tool's log that says what is wrong: of meson,
# ninja, make, compilers, git am, patch, apt and QEMU; of others, the last one.
first_error()
{
	local saying='(^|[ :])(ERROR|error|fatal error|fatal): |^E: |undefined reference'

	saying+='|\*\*\* |^Hunk .* FAILED|^No file to patch|^qemu-[a-z0-9_-]*: '
	grep -m1 -aE "$saying" "$1" || awk 'NF { last = $0 } END { print last }' "$1"
}

# have COMMAND: is there such a command?
have()
{
	command -v "$1" >/dev/null
}

# cache_dir [SUBDIRECTORY]: prints the directory, made if needed, that outlives
# a checkout: sources, kernels, compiler caches, logs.
cache_dir()
{
	local dir=${DAX_ONLINE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/dax-online}

	dir=$dir${1:+/$1}
	mkdir -p "$dir" || die "cannot create $dir; set DAX_ONLINE_CACHE to a writable directory"
	printf '%s\n' "$dir"
}
