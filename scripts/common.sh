# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Messages, and the cache directory, of every script of this project.
# Sourced, after "set -euo pipefail".

# A failure inside $(...) ends the script too.
shopt -s inherit_errexit

# say MESSAGE...: prints progress on standard error. Standard output is for
# results.
say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE...: says what failed, why, and what to do about it; exits with 1.
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

# have COMMAND: true if there is such a command.
have()
{
	command -v "$1" >/dev/null
}

# cache_dir [SUBDIRECTORY]: prints the directory for what outlives a checkout
# (sources, kernels, compiler caches, logs), and makes it if needed.
cache_dir()
{
	local dir=${DAX_ONLINE_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/dax-online}

	dir=$dir${1:+/$1}
	mkdir -p "$dir" || die "cannot create $dir; set DAX_ONLINE_CACHE to a writable directory"
	printf '%s\n' "$dir"
}
