# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Installs missing Debian packages. Suites that the system does not list are read
# from separate package lists, so /etc/apt does not change. Sourced, after common.sh.

# as_root COMMAND...: the only use of sudo.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo; run as root: $*"
	fi
}

# missing_packages PACKAGE...: prints those that are not installed. One that is has work
# to do (triggers) while another one is being installed.
missing_packages()
{
	local package

	for package; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed | triggers-*) ;;
		*) printf '%s\n' "$package" ;;
		esac
	done
}

# install_packages PACKAGE...: installs what is missing; one caller after the other.
install_packages()
{
	local missing

	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	(
		flock 9
		# Another one may have installed them since.
		mapfile -t missing < <(missing_packages "$@")
		[ ${#missing[@]} -eq 0 ] || install_missing "${missing[@]}"
	) 9>"$(cache_dir packages)/lock"
}

install_missing()
{
	local log

	log=$(cache_dir log)/packages.log
	say "installing $* (log: $log)"
	{
		as_root apt-get -q update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
			install --no-install-recommends "$@"
	} >"$log" 2>&1 9>&- ||
		die "apt-get could not install $*: $(first_error "$log") (log: $log)"
}

# debian_mirror: prints the archive that the system installs from.
debian_mirror()
{
	local mirror

	# shellcheck disable=SC2016 # apt expands these
	mirror=$(apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE)' |
		awk '$1 == "Packages" && $3 !~ /-/ && $2 ~ /debian\/?$/ { print $2; exit }')
	[ -n "$mirror" ] ||
		die "the system's apt sources name no Debian archive for further suites"
	printf '%s\n' "$mirror"
}

# own_suite: prints the codename of this system's release.
own_suite()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "$VERSION_CODENAME")
}

# archive_sources SUITE: prints lines for apt: that suite, its updates and its security
# updates, if the system uses the same for its own suite.
archive_sources()
{
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE)' |
		awk -v own="$(own_suite)" -v suite="$1" '
			$1 == "Packages" && $2 ~ /debian(-security)?\/?$/ &&
				match($3, "^" own "(-updates|-security)?$") {
				sub(own, suite, $3)
				print "deb", $2, $3, "main"
			}' | sort -u
}

# with_suite SUITE COMMAND...: runs an apt command that sees SUITE besides the
# system's suites. Lists and downloads stay in the cache directory; packages
# are verified with the Debian archive's keyring.
with_suite()
{
	local suite=$1 dir log mirror
	shift
	mirror=$(debian_mirror)
	dir=$(cache_dir "apt/$suite")
	log=$(cache_dir log)/apt-$suite.log
	mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/cache/archives/partial"
	find /etc/apt/sources.list.d -maxdepth 1 \( -name '*.list' -o -name '*.sources' \) \
		-exec cp -t "$dir/sources" {} +
	[ ! -e /etc/apt/sources.list ] || cp /etc/apt/sources.list "$dir/sources/system.list"
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
		"$mirror" "$suite" >"$dir/sources/suite-$suite.list"
	local command=$1
	shift
	local options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$dir/sources"
		-o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache"
		-o APT::Sandbox::User=root -o "Acquire::Retries=3")
	# Lists younger than an hour are new enough.
	if [ -z "$(find "$dir/lists" -maxdepth 1 -name "*_dists_${suite}_*Packages*" -mmin -60)" ]; then
		apt-get "${options[@]}" -q update >"$log" 2>&1 ||
			die "cannot read the package lists of $suite: $(first_error "$log") (log: $log)"
		# An unchanged list keeps its old date.
		find "$dir/lists" -maxdepth 1 -name "*_dists_${suite}_*Packages*" -exec touch {} +
	fi
	"$command" "${options[@]}" "$@"
}
