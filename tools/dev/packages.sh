# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# Debian packages: what is missing is installed, when it may be; packages.txt lists them.

# packages_of GROUP...: what packages.txt lists in these groups.
packages_of() {
  local group package
  while read -r group package _; do
    if [[ " $* " == *" $group "* ]]; then printf '%s\n' "$package"; fi
  done <packages.txt
}

is_installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

missing_of() {
  local package
  for package in $(packages_of "$@"); do
    is_installed "$package" || printf '%s\n' "$package"
  done
}

# Prints the words to put before a command so that root runs it; fails if there are none.
root_prefix() {
  if [[ $EUID -eq 0 ]]; then return 0; fi
  sudo -n true 2>/dev/null && printf 'sudo -n'
}

# need_packages GROUP...: installs what is missing, or tells what to run.
need_packages() {
  command -v dpkg-query >/dev/null || {
    printf 'dev: no Debian here, so packages are not checked; packages.txt lists what is needed\n' >&2
    return 0
  }
  local missing prefix
  mapfile -t missing < <(missing_of "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi
  prefix="$(root_prefix)" ||
    fail "packages are missing; run: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
  say "installing ${missing[*]}"
  # shellcheck disable=SC2086 # the prefix is no word or two
  $prefix env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update
  # shellcheck disable=SC2086
  $prefix env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "${missing[@]}"
}
