# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # stock, tree, scratch: see below
#
# The series, and configuring and compiling a kernel: what kbuild, check-series
# and tests/kernel-configs share. Sourced, after common.sh, with $top set to the
# top of the project.

: "${top:?}"

# series_dir BASE: prints the directory of its patches.
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

# series_patches BASE: prints the patches in order, without the cover letter.
series_patches()
{
	find "$(series_dir "$1")" -name '[0-9]*.patch' ! -name '0000-*' | sort
}

short_hash()
{
	sha256sum | cut -c 1-12
}

# --- Configuring and compiling -----------------------------------------------

# config_fragments DIRECTORY: prints those of every kernel (.), or of one kind.
config_fragments()
{
	find "$top/kernel/config/$1" -maxdepth 1 -name '*.config' | sort
}

# demand_tools GROUPS TOOL...: dies if one is missing; scripts/setup GROUPS installs them.
demand_tools()
{
	local groups=$1 tool missing=()

	shift
	for tool; do
		have "$tool" || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] || die "missing ${missing[*]}; run scripts/setup $groups"
}

# check_tools [TOOL...]: those of a build, and these.
check_tools()
{
	demand_tools "kernel check" bc bison flex gcc git make perl "$@"
}

# use_compiler_cache COMPILER: sets kernel_cc to what the kernel's CC is to be.
use_compiler_cache()
{
	kernel_cc=$1
	if have ccache; then
		kernel_cc="ccache $kernel_cc"
		CCACHE_DIR=$(cache_dir ccache)
		export CCACHE_DIR CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=4G
	fi
}

# configure SOURCE BUILD LOG [FRAGMENT...]: tinyconfig with kernel/config and
# then these fragments on top. What they depend on may still turn options off.
configure()
{
	local src=$1 build=$2 log=$3 fragments

	mapfile -t fragments < <(config_fragments .)
	fragments+=("${@:4}")
	{
		make -s -C "$src" O="$build" CC="$kernel_cc" tinyconfig
		"$src/scripts/kconfig/merge_config.sh" -m -O "$build" "$build/.config" "${fragments[@]}"
		make -s -C "$src" O="$build" CC="$kernel_cc" olddefconfig
	} >"$log" 2>&1 || die "cannot configure the kernel: $(first_error "$log") (log: $log)"
}

# demand_config BUILD FRAGMENT...: dies if the configuration lacks any of their lines.
demand_config()
{
	local build=$1 line

	shift
	while read -r line; do
		grep -qxF -- "$line" "$build/.config" ||
			die "the kernel's configuration lacks $line; check its dependencies"
	done < <(grep -h '^CONFIG_' "$@")
	# What a fragment turns off may have no line at all: not every version knows it.
	while read -r line; do
		! grep -q "^$line=" "$build/.config" ||
			die "the kernel's configuration has $line, which is to be off; look for what selects it"
	done < <(sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1/p' "$@")
}

# --- What a series touches ----------------------------------------------------
#
# For these, $stock is the unpatched source, $tree the one to build, and $scratch a
# directory for files that nobody needs afterwards.

# touched_files PATCH [PATTERN]: prints the files that it changes or adds.
touched_files()
{
	sed -n 's,^+++ b/,,p' "$1" | { grep -E -- "${2:-.}" || [ $? -eq 1 ]; }
}

# sync_config BUILD: makes the build system read its .config.
sync_config()
{
	make -s -C "$tree" O="$1" CC="$kernel_cc" syncconfig >"$scratch/syncconfig.log" 2>&1 ||
		die "cannot configure the kernel: $(first_error "$scratch/syncconfig.log")"
}

# configured_objects BUILD DIRECTORY: prints the objects that the synced configuration
# builds there.
configured_objects()
{
	printf '%s\n' "include $1/include/config/auto.conf" "include $tree/$2/Makefile" \
		"print-objects: ; @echo \$(obj-y) \$(obj-m) \$(lib-y)" >"$scratch/Makefile"
	make -s -f "$scratch/Makefile" print-objects | tr ' ' '\n'
}

# touched_sources PATCH...: prints the sources that they change, and those beside a
# changed header that include it, unless these are very many: building the kernel
# covers them.
touched_sources()
{
	local patch file users

	for patch; do
		touched_files "$patch" '^(drivers|mm|kernel|lib)/.*\.[ch]$'
	done | sort -u | while read -r file; do
		case $file in
		*.c) echo "$file" ;;
		*.h)
			users=$(grep -l "\"$(basename "$file")\"" "$stock/${file%/*}"/*.c || [ $? -eq 1 ])
			[ -z "$users" ] || [ "$(wc -l <<<"$users")" -gt 20 ] ||
				printf '%s\n' "${users//"$stock/"/}"
			;;
		esac
	done | sort -u
}

# build_targets BUILD SOURCE...: prints the make targets for them. drivers/dax is
# small, and its objects are parts of modules.
build_targets()
{
	local build=$1 source

	shift
	for source; do
		case $source in
		drivers/dax/*) echo drivers/dax/ ;;
		*)
			configured_objects "$build" "${source%/*}" |
				{ grep -xF -- "$(basename "$source" .c).o" || [ $? -eq 1 ]; } |
				sed "s,^,${source%/*}/,"
			;;
		esac
	done | sort -u
}

# --- Warnings ----------------------------------------------------------------

# compile BUILD LOG TARGET...: compiles with every warning; these go to LOG.warnings.
# Targets that are up to date are not made again.
compile()
{
	local build=$1 log=$2

	shift 2
	nice make -C "$tree" O="$build" -j "${JOBS:-$(nproc)}" CC="$kernel_cc" W=1 "$@" >"$log" 2>&1 ||
		{ tail -n 20 "$log"; return 1; }
	grep -E '(warning|error):' "$log" >"$log.warnings" || [ $? -eq 1 ]
}

# none TEXT: fails if there is any text.
none()
{
	[ -z "$1" ] || { printf '%s\n' "$1"; return 1; }
}

# no_new_lines BEFORE AFTER: fails if AFTER has a line that BEFORE lacks, apart from
# line numbers.
no_new_lines()
{
	local numbers='s/:[0-9]+(:[0-9]+)?:?/:/g'

	none "$(comm -13 <(sed -E "$numbers" "$1" | sort -u) <(sed -E "$numbers" "$2" | sort -u))"
}

# --- TAP ---------------------------------------------------------------------

tap_count=0
tap_failed=0
status=0

# ok DESCRIPTION COMMAND...: one test, passed if the command succeeds; leaves its
# exit status in $status. Its output goes to $scratch/output.
ok()
{
	local description=$1

	shift
	tap_count=$((tap_count + 1))
	set +e
	(set -e; "$@") >"$scratch/output" 2>&1
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$description"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$description"
		tail -n 30 "$scratch/output" | sed 's/^/# /'
	fi
}
