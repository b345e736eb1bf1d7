# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for who sources it
#
# Command lines without extension options, for tests that compare the extended daxctl
# with upstream's. Sourced.

# What may stand alone, or before and after a device. One word of an element is
# one argument; "''" is an empty one.
list_options=(
	"" -D -R -M -i -u -DR -DRMiu -uD -Du --devices --regions --mappings --idle --human
	--dev=dax0.0 "--dev dax0.0" "-d dax0.0" -ddax0.0 "-d 0.0" "-d all" "-d ''" --dev= "--de dax0.0"
	"--devi" --dev --d --devices=1 --no-devices --no-dev --no-human "-u --no-human" "--no-idle -i"
	--region=0 "--region 0" "-r 0" -r0 "-r all" "-r '0 1'" "-r 9" "-r word" "--reg=1" --regi --regio=1
	--no-region "-r 0 --no-region" "-r 0 -r 1" -r --region --hum --hu=1 --hum=1 --m --ma --map --i --idl
	--n --no --no- --no-i --no-h --no-x --x --bogus --bogus=1 -z -uz -zu -z=1 -u=1 -D=
	"-- -u" "--" "- " word "word -u" "-u word" "-u -- word" "-d dax0.0 word" -v -V --version --verbose
	"-d -u" "-r -u" "--region --human" "-d dax9.9" "-d dax0.0 -r 1" "-d dax1.0 -r 1" "-DRM -r 1 -u"
	"-u -d dax0.0" "-u -R" "-u -DR -r 0" "-M -d dax0.0" "-i -D" "-I" "-uu" "-DD" "--human --human"
)
reconfigure_options=(
	"" -u -v -f -N -C -uv -uvf --human --verbose --force --no-online --online --no-movable --movable
	--no-no-online --no-no-movable --no-human --no-force --no-mode --no-size --no-region --no-check-config
	"-m devdax" -mdevdax --mode=devdax "--mode devdax" --mo=devdax --mod=devdax "--mod devdax" --m=devdax --m
	-m --mode --mode= "-m ''" "-m system-ram" "-m nonsense" "-m DEVDAX" "-m devdax -m system-ram"
	"-m devdax --no-mode" "-m system-ram -N" "-m system-ram --no-online" "-m system-ram --online"
	"-m system-ram -N --online" "-m system-ram --no-movable" "-m system-ram --movable"
	"-m system-ram -N --no-movable" "-m system-ram -f" "-m system-ram -N -f" "-m devdax -N" "-m devdax --no-movable"
	"-m devdax -f" "-m devdax -s 1G" "-m devdax -a 2M" "-s 1G" -s1G --size=1G "--size 1G" --si=1G --s=1G "-s 1K" "-s -1"
	"-s word" "-s ''" -s --size "-a 2M" -a2M --align=2M --al=2M "--a 2M" "-a word" -a --align "-s 1G -a 2M"
	--input --input=x "--input x" --in=x --i=x --input=/dev/null "--input /dev/null -m devdax"
	-C "-C -m devdax" "-C -N" "-C -s 1G" --check --check-config=1 --c "-Cu" "-C -v" "-C -f"
	"-r 0" -r0 "-r 9" "-r word" --region=1 --reg=1 --re --r "-r 0 -m devdax" "-r 1 -m devdax" "--region=0 --no-region -m devdax"
	--fo --forc --f --for=1 --force=1 --verb --ve --v --hu --h --hum=1 --no --no- --no-o --no-on --no-m --no-mo --no-mov
	--n --o --on --onl --onli --online=1 --mov --movab --movable=1 --no-online=1 --x --bogus --bogus=1 -z -uz -uzf
	-u=1 -N=1 "-- -u" -- "-m devdax --" "-m devdax -- -u" "- -m devdax" "-m -u" "--mode -u" "-m devdax -- --mode"
	"-uvfm devdax" "-fum system-ram" "-Nm devdax" -fN -Nf "-vm system-ram" -V --version
)
targets=("" dax0.0 "dax0.0 dax1.0" all dax9.9 0.1 word /dev/dax0.0 "''")
others=(
	--version -v --exec-path --bogus bogus version "version --bogus" "help bogus"
	"online-memory" "online-memory dax0.0" "online-memory --no-movable dax0.0" "online-memory -h"
	"offline-memory dax0.0" "offline-memory all -u" "disable-device" "disable-device dax0.0" "enable-device dax0.0"
	"enable-device -h" "create-device" "create-device -r 0" "destroy-device dax0.0"
	"destroy-device -f all" "migrate-device-model -h" "split-acpi" "LIST" "lis" "list-cmds" "reconfigure" "reconfigure-devices"
	"''" "'' list" "-u list" "--human list" "online-memory --list-opts"
)
