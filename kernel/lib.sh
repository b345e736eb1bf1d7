# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The series, and configuring a kernel: what kbuild and check-series share.
# Sourced, after common.sh, with $top set to the top of the project.

: "${top:?}"

# series_dir BASE: where its patches are.
series_dir()
{
	printf '%s\n' "$top/kernel/series/$1"
}

known_bases()
{
	find "$top/kernel/series" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -V | paste -sd ' '
}

check_base()
{
	[ -d "$(series_dir "$1")" ] ||
		die "there is no series for Linux $1; there is one for: $(known_bases)"
}

# series_patches BASE: the patches in order, without the cover letter.
series_patches()
{
	find "$(series_dir "$1")" -name '[0-9]*.patch' ! -name '0000-*' | sort
}

short_hash()
{
	sha256sum | cut -c 1-12
}

# --- Configuring and compiling -----------------------------------------------

config_fragments()
{
	find "$top/kernel/config" -name '*.config' | sort
}

# check_tools [TOOL...]: those of a build, and these.
check_tools()
{
	local tool missing=()

	for tool in bc bison flex gcc git make perl "$@"; do
		have "$tool" || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "missing ${missing[*]}; run scripts/setup kernel check"
}

# use_compiler_cache: sets kernel_cc to what the kernel's CC is to be.
use_compiler_cache()
{
	kernel_cc=gcc
	if have ccache; then
		kernel_cc="ccache gcc"
		CCACHE_DIR=$(cache_dir ccache)
		export CCACHE_DIR CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=4G
	fi
}

# configure SOURCE BUILD LOG [FRAGMENT...]: tinyconfig with kernel/config and
# then these fragments on top. What they depend on may still turn options off.
configure()
{
	local src=$1 build=$2 log=$3 fragments

	mapfile -t fragments < <(config_fragments)
	fragments+=("${@:4}")
	{
		make -s -C "$src" O="$build" CC="$kernel_cc" tinyconfig
		"$src/scripts/kconfig/merge_config.sh" -m -O "$build" "$build/.config" "${fragments[@]}"
		make -s -C "$src" O="$build" CC="$kernel_cc" olddefconfig
	} >"$log" 2>&1 || die "cannot configure the kernel: $(tail -n 1 "$log") (log: $log)"
}

# demand_config BUILD FRAGMENT...: did the configuration take all they say?
demand_config()
{
	local build=$1 line

	shift
	while read -r line; do
		grep -qxF -- "$line" "$build/.config" ||
			die "the kernel's configuration did not take $line; look for what it depends on"
	done < <(grep -h '^CONFIG_' "$@")
}
