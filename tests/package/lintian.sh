#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What Debian's own checker says of the packages; errors fail. That the address of those who answer for the
# packages is none is left to whoever publishes them (CHIME_PACKAGE_CONTACT).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
command -v lintian >/dev/null || skip "lintian is not installed (./dev package installs it)"

TMPDIR="$(new_folder lintian)"
export TMPDIR
lintian --allow-root --fail-on error --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$debs"/*.deb
