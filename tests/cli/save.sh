#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device --save and --forget on a mocked /sys. RELAY is a daxctl
# that has its configuration in $RELAY_CONFIG.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
DAXCTL=$RELAY
trap 'rm -rf "$work" "$RELAY_LINK" "$RELAY_CONFIG"' EXIT

{
	region 0
	device 0 0 online_type=default memmap_on_memory=0
	device 0 1 online_type=offline memmap_on_memory=0
	region 1
	device 1 0 online_type=default memmap_on_memory=0
	region 2
	device 2 0
} >"$work/devices"

saved=$RELAY_CONFIG/50-saved.conf

reconfigure()
{
	local status=$1

	shift
	run "$status" reconfigure-device "$@"
}

# section DEVICE ADDRESS TYPE: what is saved.
section()
{
	printf '[reconfigure-device saved dax.resource %s]\n' "$2"
	printf '# Written by daxctl reconfigure-device --save for %s.\n' "$1"
	printf 'dax.resource = %s\nonline_type = %s\n' "$2" "$3"
}

heading="# Sections of daxctl reconfigure-device --save; --forget removes them."

fresh_config()
{
	rm -rf "$RELAY_CONFIG"
	mkdir -m 755 "$RELAY_CONFIG"
}

saves_and_forgets()
{
	rm -rf "$RELAY_CONFIG"
	reconfigure 0 --online-type=movable --save dax0.0
	says "dax0.0: saved as section 'saved dax.resource 0x100000000' in $saved"
	says "reconfigured 1 device"
	expect "$(</sys/bus/dax/devices/dax0.0/online_type)" online_movable
	expect "$(jq -r '.[0].online_type' <<<"$stdout")" online_movable
	expect "$(<"$saved")" "$heading

$(section dax0.0 0x100000000 online_movable)"
	expect "$(stat -c '%a' "$saved") $(stat -c '%a' "$RELAY_CONFIG")" "644 755"

	# What was saved is what the configuration does.
	echo offline >/sys/bus/dax/devices/dax0.0/online_type
	reconfigure 0 -C -n dax0.0
	says 'dax0.0: write "online_movable"'

	reconfigure 0 --online-type=offline --memmap-on-memory --save dax0.0
	expect "$(<"$saved")" "$heading

$(section dax0.0 0x100000000 offline)
memmap_on_memory = on"
	reconfigure 0 --forget dax0.0
	says "dax0.0: removed section 'saved dax.resource 0x100000000' from $saved"
	says "forgot 1 device"
	expect "$stdout" ""
	expect "$(find "$RELAY_CONFIG" -type f)" ""
	expect "$(</sys/bus/dax/devices/dax0.0/online_type)" offline
	reconfigure 254 --forget dax0.0
	says "dax0.0: error: nothing is saved for it in $saved"
	says "forgot 0 devices"
}

keeps_what_is_not_its_own()
{
	fresh_config
	printf '# mine\n[reconfigure-device x]\ndax.target_node = 7\nonline_type = online\n' \
		>"$saved"
	cp "$saved" "$work/before"
	reconfigure 0 --online-type=movable --save dax0.0 dax0.1
	expect "$(<"$saved")" "$(<"$work/before")

$(section dax0.0 0x100000000 online_movable)

$(section dax0.1 0x120000000 online_movable)"
	reconfigure 0 --forget dax0.0
	expect "$(<"$saved")" "$(<"$work/before")

$(section dax0.1 0x120000000 online_movable)"
	reconfigure 0 --forget all
	cmp "$saved" "$work/before"
	reconfigure 0 --forget all
	says "forgot 0 devices"
}

only_shows_in_a_dry_run()
{
	local expected

	rm -rf "$RELAY_CONFIG"
	reconfigure 0 --online-type=movable --save --dry-run dax0.0
	expected="dax0.0: write \"online_movable\" to /sys/bus/dax/devices/dax0.0/online_type
dax0.0: write to $saved:
$(section dax0.0 0x100000000 online_movable | sed 's/^/dax0.0:   /')"
	says "$expected"
	[[ ! -e $RELAY_CONFIG ]] || fail "the directory is there"
	reconfigure 0 --online-type=movable --save dax0.0
	reconfigure 0 --forget -n dax0.0
	says "dax0.0: remove section 'saved dax.resource 0x100000000' from $saved"
	says "dry run: nothing was changed"
	[[ -e $saved ]] || fail "it is removed"
}

# Only what has succeeded is saved, and each device for itself.
saves_after_success()
{
	fresh_config
	reconfigure 250 --online-type=movable --mode=system-ram --save dax0.0
	says "dax0.0: not saved"
	reconfigure 250 --online-type=movable --save dax5.0
	reconfigure 161 --online-type=movable --save dax2.0
	says "dax2.0: not saved"
	[[ ! -e $saved ]] || fail "it is saved: $(<"$saved")"
	reconfigure 161 --online-type=movable --save all
	says "dax2.0: not saved"
	says "reconfigured 3 devices"
	expect "$(grep -c '^\[' "$saved")" 3
}

is_unchanged() # DEVICE
{
	expect "$stdout" ""
	says "reconfigured 0 devices"
	expect "$(<"/sys/bus/dax/devices/$1/online_type")" default
}

# What can be known beforehand keeps the device from being changed.
refuses_beforehand()
{
	fresh_config
	chmod 777 "$RELAY_CONFIG"
	reconfigure 255 --online-type=movable --save dax0.0
	says "daxctl: error: others than its owner may write to $RELAY_CONFIG (mode 0777)"
	says "daxctl: chmod go-w $RELAY_CONFIG"
	is_unchanged dax0.0
	chmod 755 "$RELAY_CONFIG"

	echo 0 >"$sys/bus/dax/devices/dax0.0/size"
	reconfigure 250 --online-type=movable --save dax0.0
	says "dax0.0: error: it cannot be saved, and is left as it is: it has no memory"
	is_unchanged dax0.0
	echo 1073741824 >"$sys/bus/dax/devices/dax0.0/size"

	ln -s /dev/null "$saved"
	reconfigure 216 --online-type=movable --save dax0.0
	says "daxctl: error: $saved is a symbolic link"
	is_unchanged dax0.0
	rm "$saved"

	printf '[reconfigure-device x]\nonline_type = online\n' >"$RELAY_CONFIG/z.conf"
	reconfigure 234 --online-type=movable --save dax0.0
	says "daxctl: error: $RELAY_CONFIG/z.conf:1: section 'x' does not say which device"
	is_unchanged dax0.0
	rm "$RELAY_CONFIG/z.conf"

	{
		section dax0.0 0x100000000 online
		echo "mode = system-ram"
	} >"$saved"
	reconfigure 239 --online-type=movable --save dax0.0
	says "dax0.0: error: it cannot be saved, and is left as it is: section"
	says "($saved:1) was saved for it, and has other keys by now"
	is_unchanged dax0.0
	[[ $(<"$saved") = *"online_type = online"* ]] || fail "it is changed: $(<"$saved")"
}

# As with a read-only /etc: it is found before the device is changed.
refuses_if_there_is_no_place()
{
	local parent=${RELAY_CONFIG%/*} option

	rm -rf "$RELAY_CONFIG"
	for option in --save --dry-run; do
		chmod a-w "$parent"
		as=unprivileged reconfigure 243 --online-type=movable --save "$option" dax0.0
		chmod u+w "$parent"
		says "daxctl: error: cannot make $RELAY_CONFIG: Permission denied"
		says "daxctl: run this as root"
		is_unchanged dax0.0
	done
}

# As an editor leaves it: --save does not know it again, and it comes first.
tells_of_sections_that_were_changed()
{
	local name="section 'saved dax.resource 0x100000000' ($saved:3)"

	fresh_config
	reconfigure 0 --online-type=movable --save dax0.0
	sed -i 's/^online_type = .*/online_type=online/' "$saved"
	cp "$saved" "$work/before"
	echo default >/sys/bus/dax/devices/dax0.0/online_type
	reconfigure 239 --online-type=offline --save dax0.0
	says "dax0.0: error: it cannot be saved, and is left as it is: $name matches too, comes first"
	says "dax0.0: remove that section by hand"
	is_unchanged dax0.0
	cmp "$saved" "$work/before"

	for name in dax0.0 all; do
		reconfigure 239 --forget "$name"
		says "dax0.0: error: nothing was removed: section 'saved dax.resource 0x100000000' ($saved:3) matches it"
		says "dax0.0: remove that section by hand"
		says "forgot 0 devices"
	done
	cmp "$saved" "$work/before"
	{
		section dax0.0 0x100000000 offline
		cat "$work/before"
	} >"$saved"
	reconfigure 0 --forget dax0.0
	says "dax0.0: removed section 'saved dax.resource 0x100000000' from $saved"
	says "warning: dax0.0: section 'saved dax.resource 0x100000000' ($saved:3) matches it too, and stays"
	cmp "$saved" "$work/before"
}

# One device was saved by the serial of its region, and then others were made there.
leaves_shared_sections()
{
	local name

	mkdir -p "$sys"/bus/cxl/devices/{decoder0.0,uport}
	echo 0xc0ffee >"$sys/bus/cxl/devices/uport/serial"
	echo decoder0.0 >"$sys/devices/platform/target0"
	fresh_config
	section dax0.0 0xc0ffee unplugged | sed 's/dax.resource/cxl.serial/' >"$saved"
	cp "$saved" "$work/before"
	for name in dax0.0 dax1.0; do
		reconfigure 239 --online-type=movable --save "$name"
		says "$name: error: it cannot be saved, and is left as it is: section 'saved cxl.serial 0xc0ffee' ($saved:1) matches dax"
		says "$name: remove that section by hand, then use --save for each device that is to keep its policy"
		is_unchanged "$name"
		reconfigure 239 --forget "$name"
		says "$name: error: section 'saved cxl.serial 0xc0ffee' ($saved:1) matches dax"
		says "forgot 0 devices"
		cmp "$saved" "$work/before"
	done
	rm "$saved"
	reconfigure 0 --online-type=movable --save dax0.0 dax1.0
	expect "$(grep -c '^dax.resource = ' "$saved")" 2
}

# A file that cannot be written, for lack of space: the old one stays.
survives_a_full_disk()
{
	local before status=0

	fresh_config
	reconfigure 0 --online-type=movable --save dax0.0
	before=$(<"$saved")
	# Nothing can be written to any file, and the signal that tells so is ignored.
	(
		trap '' XFSZ
		ulimit -f 0
		"$DAXCTL" reconfigure-device --online-type=offline --save dax0.1
	) 2>&1 >/dev/null | cat >"$work/said" || status=$?
	stderr=$(<"$work/said")
	expect "$status" 229
	says "dax0.1: error: it is reconfigured, but not saved: cannot write $saved: File too large"
	expect "$(<"$saved")" "$before"
	expect "$(ls -A "$RELAY_CONFIG")" 50-saved.conf
}

warns_of_what_comes_first()
{
	fresh_config
	printf '[reconfigure-device mine]\ndax.path = */dax0.0\nonline_type = online\n' \
		>"$RELAY_CONFIG/10-mine.conf"
	reconfigure 0 --online-type=movable --save dax0.0
	says "dax0.0: warning: section 'mine' ($RELAY_CONFIG/10-mine.conf:1) matches too, and comes first"
	mv "$RELAY_CONFIG/10-mine.conf" "$RELAY_CONFIG/90-mine.conf"
	reconfigure 0 --online-type=movable --save dax0.0
	[[ $stderr != *"comes first"* ]] || fail "it warns: $stderr"
}

# A section with a policy is about system-ram mode.
warns_of_another_mode()
{
	local mode option

	fresh_config
	mkdir -p "$sys/bus/dax/drivers/fsdev_dax"
	for mode in disabled devdax famfs; do
		rm -f "$sys/devices/platform/hmem.1/dax1.0/driver"
		case $mode in
		devdax) bound dax1.0 device_dax ;;
		famfs) bound dax1.0 fsdev_dax ;;
		esac
		for option in --save --dry-run; do
			reconfigure 0 --online-type=offline --save $option dax1.0
			says "warning: dax1.0: its mode is $mode now, and system-ram from the next boot on, or once the configuration is applied
dax1.0: to have it in system-ram mode now, use --mode=system-ram; to leave it as it is, --forget"
			run 64 status dax1.0
		done
	done
	reconfigure 0 --online-type=offline --mode=system-ram --save --dry-run dax1.0
	[[ $stderr != *warning:* ]] || fail "it warns: $stderr"
	rm "$sys/devices/platform/hmem.1/dax1.0/driver"
	bound dax1.0 kmem
	reconfigure 0 --online-type=offline --save dax1.0
	[[ $stderr != *warning:* ]] || fail "it warns: $stderr"
}

# That of persistent memory may be the only copy.
warns_of_what_is_overwritten()
{
	fresh_config
	bound dax1.0 device_dax
	echo 0b3d2f0e-0000-4000-8000-000000000001 >"$sys/devices/platform/hmem.1/uuid"
	reconfigure 0 --online-type=movable --save dax1.0
	says "section 'saved nvdimm.uuid 0b3d2f0e"
	says "warning: dax1.0: its mode is devdax now"
	says "applied; system RAM overwrites what is stored on it"
}

# made_by_hmem: as if dax0.0 and dax0.1 were soft-reserved memory, and dax_hmem a module.
made_by_hmem()
{
	mkdir -p "$sys/module/dax_hmem/parameters" "$sys/bus/platform/drivers/hmem"
	echo live >"$sys/module/dax_hmem/initstate"
	echo default >"$sys/module/dax_hmem/parameters/online_type"
	ln -s ../../../bus/platform/drivers/hmem "$sys/devices/platform/hmem.0/driver"
}

# says_nothing_else: about what the boot needs.
says_nothing_else()
{
	[[ $stderr != *note:* ]] || fail "it says: $stderr"
}

tells_what_else_the_boot_needs()
{
	local parameter=$sys/module/dax_hmem/parameters/online_type

	fresh_config
	reconfigure 0 --online-type=movable --save dax0.0
	says_nothing_else
	made_by_hmem
	reconfigure 0 --online-type=movable --save dax0.0
	says "dax0.0: note: at boot, kmem may bind it before the configuration is read"
	says "dax0.0:   options dax_hmem online_type=unplugged   (in a file /etc/modprobe.d/*.conf"
	says "dax0.0: before Linux 7.3, which has no such policy, set it to online_movable instead"
	rm "$sys/module/dax_hmem/initstate"
	reconfigure 0 --online-type=movable --save dax0.0
	says "dax0.0:   dax_hmem.online_type=unplugged   (on the kernel's command line)"
	echo unplugged >"$parameter"
	reconfigure 0 --online-type=movable --save dax0.0
	says_nothing_else
	reconfigure 0 --forget dax0.0
	says "dax0.0: note: at boot, it still gets the policy 'unplugged' from its driver"
	says "dax0.0:   dax_hmem.online_type=unplugged   (on the kernel's command line)"
	echo default >"$parameter"
	reconfigure 0 --online-type=movable --save dax0.0
	reconfigure 0 --forget dax0.0
	says "dax0.0: note: at boot, kmem may bind it, and online its memory as the system default says"
}

# A kernel without "unplugged": kmem has the device, and there is no state.
tells_what_else_old_kernels_need()
{
	fresh_config
	made_by_hmem
	bound dax0.1 kmem
	reconfigure 0 --online-type=offline --save dax0.1
	says "dax0.1:   options dax_hmem online_type=offline   (in a file"
	[[ $stderr != *unplugged* ]] || fail "it speaks of unplugged: $stderr"
	echo offline >"$sys/module/dax_hmem/parameters/online_type"
	reconfigure 0 --online-type=offline --save dax0.1
	says_nothing_else
	echo unplugged >"$sys/devices/platform/hmem.0/dax0.1/state"
	echo default >"$sys/module/dax_hmem/parameters/online_type"
	reconfigure 0 --online-type=offline --save dax0.1
	says "dax0.1:   options dax_hmem online_type=unplugged"
	[[ $stderr != *7.3* ]] || fail "it speaks of other kernels: $stderr"
}

# locked_for SECONDS: in the background, as by another daxctl; returns when it is.
locked_for()
{
	local lock=$sys/bus/dax/drivers_probe

	rm -f "$work/locked"
	(flock 9; touch "$work/locked"; sleep "$1") 9>"$lock" &
	until [[ -e $work/locked ]]; do
		sleep 0.05
	done
}

waits_for_other_daxctls()
{
	fresh_config
	locked_for 1.5
	reconfigure 0 --online-type=movable --save dax0.0
	expect "$(grep -c '^dax0.0: waiting for another daxctl, which is changing a device$' "$work/stderr")" 1
	says "dax0.0: saved as"
	locked_for 1.5
	reconfigure 0 --forget dax0.0
	says "dax0.0: waiting for another daxctl, which is changing a device"
	says "forgot 1 device"
	wait
}

refuses() # MESSAGE ARGUMENT...
{
	local message=$1

	shift
	reconfigure 129 "$@"
	says "$message"
	expect "$stdout" ""
	[[ ! -e $RELAY_CONFIG ]] || fail "something is written"
}

refuses_conflicts()
{
	rm -rf "$RELAY_CONFIG"
	refuses "--save needs --online-type" --save dax0.0
	refuses "--save needs --online-type" --save --mode=system-ram dax0.0
	refuses "--save needs --online-type" --save --memmap-on-memory dax0.0
	refuses "--save and --allow-fallback" --save --online-type=offline --allow-fallback dax0.0
	refuses "--check-config takes the policy" --save --online-type=offline -C dax0.0
	refuses "specify a device to reconfigure" --save --online-type=offline
	refuses "specify a device to forget" --forget
	refuses "is not the name of a dax device" --forget ../dax0.0
	local option

	for option in --save --online-type=offline --mode=devdax --force --check-config --no-online \
		--memmap-on-memory --allow-fallback --size=1G; do
		refuses "--forget goes with --dry-run and --region only" --forget "$option" dax0.0
	done
	reconfigure 250 --forget dax5.0
	says "dax5.0: error: there is no such dax device"
}

export saved heading
export_functions
export RELAY_LINK RELAY_CONFIG
ok "--save writes a section, replaces it, and --forget removes it" on_system saves_and_forgets
ok "both leave what is not theirs" on_system keeps_what_is_not_its_own
ok "a dry run shows what would be written, and writes nothing" on_system only_shows_in_a_dry_run
ok "only what has succeeded is saved" on_system saves_after_success
ok "what can be known beforehand keeps the device as it is" on_system refuses_beforehand
ok "so does a directory that cannot be made" on_system refuses_if_there_is_no_place
ok "a saved section that was changed by hand is not passed over in silence" \
	on_system tells_of_sections_that_were_changed
ok "a saved section that matches several devices is left alone" on_system leaves_shared_sections
ok "a file that cannot be written stays as it was" on_system survives_a_full_disk
ok "a section that comes first is warned of" on_system warns_of_what_comes_first
ok "a device in another mode than system-ram is warned of" on_system warns_of_another_mode
ok "so is that what is stored on it is overwritten" on_system warns_of_what_is_overwritten
ok "both tell what else the boot needs" on_system tells_what_else_the_boot_needs
ok "on a kernel without 'unplugged' that is the parameter alone" \
	on_system tells_what_else_old_kernels_need
ok "both wait for another daxctl, and say so" on_system waits_for_other_daxctls
ok "what does not go together is refused" on_system refuses_conflicts
done_testing
