#!/usr/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: complete.zsh DIRECTORY LINE
# Prints what zsh could complete the last word of LINE to, a line each, with the
# completion functions in DIRECTORY. Types the line into an interactive zsh: there
# is no other way to its completion system.

emulate -R zsh
setopt err_exit
zmodload zsh/zpty

setup=$(mktemp)
trap 'rm -f $setup' EXIT
cat >$setup <<'END'
PROMPT= RPROMPT=
fpath=($completions $fpath)
autoload -Uz compinit
compinit -u -D
compadd()
{
	local -a hits

	if [[ "${@[1,(i)(-|--)]}" != *-(O|A|D)\ * ]]; then
		builtin compadd -O hits "$@"
		print -rl -- "" "<HIT>"$^hits
	fi
	builtin compadd "$@"
}
finish()
{
	print -r -- $'\n<END>'
	exit
}
comppostfuncs=(finish)
bindkey '^I' complete-word
print -r -- '<READY>'
END

# read_until MARKER: what the inner zsh prints before that.
read_until()
{
	local line

	while zpty -r inner line; do
		line=${line//[$'\r\n']/}
		[[ $line = $1 ]] && return
		[[ $line = '<HIT>'* ]] && print -r -- ${line#'<HIT>'}
	done
	print -u 2 "complete.zsh: zsh ended before it said $1"
	return 1
}

zpty inner "completions=${(q)1} zsh -f -i"
zpty -w inner ". ${(q)setup}"
read_until '<READY>'
zpty -w -n inner "$2"$'\t'
read_until '<END>'
zpty -d inner
