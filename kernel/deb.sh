# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # sources, trees, config, kernel_cc, interval: kbuild's
#
# kbuild deb: Debian packages of a kernel with the series, from a configuration of the
# user's own. Sourced by kbuild, after packages.sh and lib.sh.

: "${top:?}"

# --- How long, and how much room ---------------------------------------------

# The figures come from Linux 7.3 with the configuration of the tests (748 options built in, 6
# modules: 1810 objects, 237 MB, 7 minutes on 2 processors) and with that of Debian (2747 and
# 3941: 25500 objects).

# expected_objects CONFIG: prints about how many objects that configuration makes.
expected_objects()
{
	awk '/^CONFIG_.*=y$/ { y++ } /^CONFIG_.*=m$/ { m++ } END { print int(2.4 * y + 4.8 * m) }' "$1"
}

# build_minutes OBJECTS: prints how long these take, with an empty compiler cache.
build_minutes()
{
	local processors=${JOBS:-$(nproc)}

	printf '%d minutes on %d processors\n' $(($1 / 2 / 60 / processors + 1)) "$processors"
}

# megabytes_needed OBJECTS: prints how much a build of these needs, with the source if
# that of $base is not there yet.
megabytes_needed()
{
	local needed=$(($1 / 5 + 500))

	[ -n "$(find "$trees" -maxdepth 1 -name "$base*+*.ready")" ] || needed=$((needed + 4500))
	printf '%d\n' "$needed"
}

# announce CONFIG: says how long the build will take and how much room it needs; dies if
# there is less. Once is enough.
announce()
{
	local objects needed free

	[ -z "$announced" ] || return 0
	announced=yes
	objects=$(expected_objects "$1")
	needed=$(megabytes_needed "$objects")
	free=$(df --output=avail --block-size=1M "$trees" | tail -n 1)
	say "about $objects objects to make: about $(build_minutes "$objects"), and $needed MB in $trees, which has ${free// /} MB"
	[ "$free" -ge "$needed" ] ||
		die "not enough room in $trees: $needed MB are needed, ${free// /} MB are free; make room, or set DAX_ONLINE_CACHE to a directory that has it"
}

# --- The configuration --------------------------------------------------------

# own_config: prints the name of the user's file.
own_config()
{
	local file=${config:-/boot/config-$(uname -r)}

	if [ ! -e "$file" ]; then
		[ -n "$config" ] || die "there is no $file; name a configuration with --config FILE"
		die "no such file: $file"
	fi
	[ -f "$file" ] || die "$file is no file, but --config wants one"
	[ -r "$file" ] || die "cannot read $file"
	printf '%s\n' "$file"
}

# read_config FILE INTO: unpacks it if it is compressed, and checks that it is the
# configuration of a kernel for this machine's architecture.
read_config()
{
	local file=$1 into=$2 wrong own its

	gzip -dcf "$file" | tr -d '\0' >"$into" || die "cannot read $file"
	wrong=$(grep -nvm1 -aE '^(#.*|[[:space:]]*|CONFIG_[A-Za-z0-9_]+=.*)$' "$into" || [ $? -eq 1 ])
	wrong=$(LC_ALL=C tr -c '[:print:]' '?' <<<"${wrong:0:70}")
	[ "$wrong" = "?" ] || die "$file is not a kernel configuration; its line ${wrong%?}"
	grep -qE '^CONFIG_[A-Za-z0-9_]+=' "$into" || die "$file is not a kernel configuration: it sets no option"
	own=$(uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
	its=$(sed -nE '1,5s,^# Linux/([^ ]+) .* Kernel Configuration$,\1,p' "$into")
	[ "${its:-$own}" = "$own" ] || die "$file is for $its, and this machine is $own"
}

# option NAME: prints its value in the configuration of $build, without quotes.
option()
{
	sed -nE "s/^CONFIG_$1=\"?([^\"]*)\"?\$/\1/p" "$build/.config"
}

# without_missing_keys: certificates that only the distribution's source has cannot be
# built in. Modules are then signed with a key that the build makes, if at all.
without_missing_keys()
{
	local name value

	for name in SYSTEM_TRUSTED_KEYS SYSTEM_REVOCATION_KEYS MODULE_SIG_KEY; do
		value=$(option "$name")
		case $value in
		"" | pkcs11:* | certs/signing_key.pem) continue ;;
		/*) [ ! -e "$value" ] || continue ;;
		*) [ ! -e "$src/$value" ] || continue ;;
		esac
		say "leaving out CONFIG_$name: there is no $value"
		if [ "$name" = MODULE_SIG_KEY ]; then
			"$src/scripts/config" --file "$build/.config" --set-str "$name" certs/signing_key.pem
		else
			"$src/scripts/config" --file "$build/.config" --set-str "$name" ""
		fi
	done
}

default_the_rest()
{
	make -s -C "$src" O="$build" CC="$kernel_cc" olddefconfig >"$log" 2>&1 ||
		die "cannot configure the kernel: $(first_error "$log") (log: $log)"
}

# options_on CONFIG: prints those that it switches on, sorted.
options_on()
{
	sed -n 's/=[ym]$//p' "$1" | LC_ALL=C sort
}

# say_what_is_lost FILE: a version later than the file's has other options.
say_what_is_lost()
{
	local lost=$log.lost

	LC_ALL=C comm -23 <(options_on "$1") <(options_on "$build/.config") >"$lost"
	[ ! -s "$lost" ] ||
		say "options that are on in your configuration, and off or unknown in Linux $base: $(wc -l <"$lost"), listed in $lost"
}

# configure_own FILE: configures $build from it, for the version in $src. What that version
# has and the file does not know gets its default.
configure_own()
{
	local name

	cp "$1" "$build/.config"
	# The name is ours. Debugging information multiplies time and room.
	"$src/scripts/config" --file "$build/.config" --set-str LOCALVERSION "" \
		--disable LOCALVERSION_AUTO --enable DEBUG_INFO_NONE \
		--disable DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT --disable DEBUG_INFO_DWARF4 --disable DEBUG_INFO_DWARF5
	without_missing_keys
	default_the_rest
	# What was a module in the file's version, and cannot be one in this, is built in.
	if grep -q "symbol value 'm' invalid for" "$log"; then
		sed -n "s/.*symbol value 'm' invalid for \([A-Z0-9a-z_]*\)\$/--enable \1/p" "$log" |
			xargs "$src/scripts/config" --file "$build/.config"
		default_the_rest
	fi
	say_what_is_lost "$1"
	for name in MODULES MEMORY_HOTPLUG MEMORY_HOTREMOVE DEV_DAX DEV_DAX_KMEM; do
		[ -n "$(option "$name")" ] ||
			die "with this configuration, CONFIG_$name is off, and no dax device could become system RAM; switch it on there"
	done
}

# --- The packages -------------------------------------------------------------

# build_packages CONFIG: builds them from $src in $build, and moves them to $packages;
# unless that is done already.
build_packages()
{
	local log version

	[ ! -e "$packages.ready" ] || return 0
	announce "$1"
	# Also of builds that did not get to their end: nobody else is at it.
	rm -rf "$src"/build-deb-* "$packages"
	mkdir "$build"
	log=$(cache_dir log)/kbuild-${packages##*/}-$(basename "$src").log
	use_compiler_cache gcc
	configure_own "$1"
	version=$(make -s -C "$src" kernelversion)
	# dpkg-buildpackage leaves what it makes in the directory above.
	rm -f "$src"/*.deb
	DEB_BUILD_OPTIONS=terse compile "$build" "$log" "$(expected_objects "$build/.config")" \
		LOCALVERSION="-dax-$(series_key "$base")" KDEB_PKGVERSION="$version-1" \
		KDEB_CHANGELOG_DIST="$(own_suite)" bindeb-pkg
	mkdir "$packages"
	mv "$src"/linux-image-*.deb "$src"/linux-headers-*.deb "$packages"
	rm -rf "$src"/*.deb "$src"/*.buildinfo "$src"/*.changes "$build"
	touch "$packages.ready"
}

# deb BASE
deb()
{
	local base=$1 announced="" file scratch src key build packages

	check_tools sha256sum
	demand_tools "kernel package" dpkg-buildpackage dh_prep rsync
	file=$(own_config)
	scratch=$(mktemp)
	# shellcheck disable=SC2064 # this file
	trap "rm -f '$scratch'" EXIT
	read_config "$file" "$scratch"
	# Before the source is fetched.
	[ -n "$(newest_tarball "$base")" ] || announce "$scratch"
	src=$(alone prepare "$base")
	key=$({ cat "$scratch"; gcc --version; } | short_hash)
	build=$src/build-deb-$key
	packages=$src/deb-$key
	[ -e "$packages.ready" ] || alone build_packages "$scratch"
	say "the packages: $(basename -a "$packages"/*.deb | paste -sd ' ')"
	say "to install them: apt install $packages/*.deb"
	printf '%s\n' "$packages"
}
