# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The disk of a test system and its initramfs. Sourced by run, after common.sh, packages.sh and
# modules.sh, with $system and $top set.

: "${system:?}" "${top:?}"

# What the system has besides what every Debian has.
system_packages=systemd,systemd-sysv,udev,kmod,dbus,initramfs-tools,busybox,zstd,daxctl,ndctl,jq
# What the linker asks for in the daxctl that is built here.
system_packages+=,libdaxctl1,libjson-c5,libkmod2

# install_kernel BUILD ROOT: as its package does. QEMU loads it from the build directory, kexec from
# there. initramfs-tools refuse to compress what the kernel cannot unpack. It gets it unpacked: see
# make-disk.
install_kernel()
{
	local release config

	release=$(<"$1/include/config/kernel.release")
	config=$2/boot/config-$release
	install -D -m 644 "$1/.config" "$config"
	install -m 644 "$1/arch/x86/boot/bzImage" "$2/boot/vmlinuz-$release"
	grep -qx CONFIG_RD_ZSTD=y "$config" || echo CONFIG_RD_ZSTD=y >>"$config"
	copy_modules "$1" "$2"
}

# install_tool ROOT: daxctl and what belongs to it, as its package does. This is the only place
# that knows how it is installed.
install_tool()
{
	local build=${DAXCTL_BUILD:-}

	if [[ ! $build ]]; then
		build=$("$top/scripts/build-user" | tail -n 1)
	fi
	DESTDIR=$1 meson install -C "$build" >"$1.log" 2>&1 ||
		die "cannot install daxctl from $build: $(first_error "$1.log")"
}

# install_harness ROOT: what makes the regions, and what runs the command.
install_harness()
{
	local root=$1 guest=$system/guest

	install -D -m 755 -t "$root/usr/local/lib/vm" "$guest/firmware" "$guest/run-job"
	install -m 644 -t "$root/usr/local/lib/vm" "$top/tests/vm/guest/lib.sh" "$top/tests/vm/guest/job.sh" \
		"$guest/system.sh"
	install -D -m 755 "$guest/initramfs-hook" "$root/etc/initramfs-tools/hooks/firmware"
	install -D -m 755 "$guest/initramfs-script" "$root/etc/initramfs-tools/scripts/init-premount/firmware"
	install -D -m 644 -t "$root/etc/udev/rules.d" "$guest/10-processors.rules"
	install -D -m 644 -t "$root/etc/systemd/system" "$guest/run-job.service"
	mkdir "$root/etc/systemd/system/graphical.target.wants"
	ln -s ../run-job.service "$root/etc/systemd/system/graphical.target.wants/"
	# That terminal is for --shell.
	ln -s /dev/null "$root/etc/systemd/system/serial-getty@hvc0.service"
	mkdir -p "$root"/var/{lib/vm,log/journal}
	echo dax >"$root/etc/hostname"
	# With none, each system would take its first boot for that of an installation.
	md5sum <<<dax | cut -c 1-32 >"$root/etc/machine-id"
}

# make_stage BUILD ROOT: all that is on the disk and not in Debian.
make_stage()
{
	local directory

	for directory in bin lib sbin; do
		mkdir -p "$2/usr/$directory"
		ln -s "usr/$directory" "$2/$directory"
	done
	install_kernel "$1" "$2"
	# meson lets nobody else into its build directory meanwhile.
	alone install_tool "$2"
	install_harness "$2"
}

# contents DIRECTORY: prints a line for everything in it, which changes when that does.
contents()
{
	(cd "$1" && find . ! -type f -printf '%p %y %l %m\n' -o -printf '%p %m ' -exec sha256sum {} \;) |
		LC_ALL=C sort
}

# base_root: prints a tar archive of a Debian root, with $packages too. It is made anew once a
# month, for the updates.
base_root()
{
	local sources suite key archive log included=$system_packages${packages:+,$packages}

	suite=$(own_suite)
	sources=$(archive_sources "$suite")
	[[ $sources ]] || die "the system's apt sources name no Debian archive to take $suite from"
	key=$(sha256sum <<<"$suite $included $(date +%Y-%m)" | cut -c 1-12)
	archive=$cache/root-$key.tar
	if [[ ! -e $archive ]]; then
		log=$(cache_dir log)/system-root.log
		say "making a root with $suite (log: $log)"
		find "$cache" -maxdepth 1 -name 'root-*.tar' -mtime +31 -delete
		printf '%s\n' "$sources" | as_root mmdebstrap --mode=root --variant=minbase --format=tar \
			--include="$included" --dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
			"$suite" - 2>"$log" >"$archive.part" ||
			die "no root with $suite: $(first_error "$log") (log: $log)"
		mv "$archive.part" "$archive"
	fi
	printf '%s\n' "$archive"
}

# cached_image STAGE RELEASE: prints the directory with the disk and the initramfs, made if needed.
cached_image()
{
	local archive key directory

	archive=$(base_root)
	key=$({
		contents "$1"
		cat "$system/make-disk"
		echo "$archive"
	} | sha256sum | cut -c 1-12)
	directory=$cache/image-$key
	if [[ ! -e $directory ]]; then
		say "making the disk of the system"
		# Those that nobody has used for days.
		find "$cache" -maxdepth 1 -name 'image-*' -mtime +3 -exec rm -rf {} +
		rm -rf "$directory.part"
		mkdir "$directory.part"
		make_disk "$archive" "$1" "$2" "$directory.part"
		mv "$directory.part" "$directory"
	fi
	touch "$directory"
	printf '%s\n' "$directory"
}

# make_disk ARCHIVE STAGE RELEASE DIRECTORY
make_disk()
{
	local log=$4/log

	as_root "$system/make-disk" "$@" "$(id -u):$(id -g)" >"$log" 2>&1 ||
		die "cannot make the disk: $(first_error "$log")"
}

# put_files DISK SOURCE=DESTINATION...: without mounting anything.
put_files()
{
	local disk=$1 file source destination directory said

	shift
	for file; do
		source=${file%=*} destination=${file##*=}
		directory=$destination
		while directory=${directory%/*} && [[ $directory ]]; do
			printf 'mkdir "%s"\n' "$directory"
		done | tac
		printf 'rm "%s"\n' "$destination"
		printf 'write "%s" "%s"\n' "$(realpath "$source")" "$destination"
		printf 'set_inode_field "%s" mode 0%o\n' "$destination" "0x$(stat -c %f "$source")"
		printf 'set_inode_field "%s" %s 0\n' "$destination" uid "$destination" gid
	done >"$disk.commands"
	debugfs -w -f "$disk.commands" "$disk" >"$disk.said" 2>&1
	# Whatever happens, its status is 0.
	said=$(grep -vE '^debugfs|^Allocated inode: |directory already exists( while creating .*| *)$|: File not found by ext2_lookup|^$' \
		"$disk.said") || [[ $? = 1 ]]
	[[ ! $said ]] || die "cannot put files on the disk: $said"
}

# make_image BUILD DIRECTORY [SOURCE=DESTINATION...]: a disk to write to, and the initramfs.
make_image()
{
	local build=$1 directory=$2 release image file stage=$2/stage anew=

	shift 2
	cache=$(cache_dir system)
	release=$(<"$build/include/config/kernel.release")
	umask 022
	make_stage "$build" "$stage"
	for file; do
		[[ ${file##*=} != /etc/initramfs-tools/* ]] || anew=yes
	done
	if [[ $anew ]]; then
		for file; do
			install -D -m "$(stat -c %a "${file%=*}")" "${file%=*}" "$stage${file##*=}"
		done
		make_disk "$(alone base_root)" "$stage" "$release" "$directory"
		return
	fi
	image=$(alone cached_image "$stage" "$release")
	cp --sparse=always --reflink=auto -t "$directory" "$image/disk" "$image/initrd"
	if (($#)); then
		put_files "$directory/disk" "$@"
	fi
}

# alone FUNCTION...: not while another one of this kind is at it.
alone()
{
	(
		flock 9
		"$@"
	) 9>"$cache/lock"
}
