#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs the packages on a minimal Debian of this machine's release, in a folder of its own; runs the tool
# and programs that were built with libchime-dev there, and removes the packages again.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
release="$(. /etc/os-release && printf %s "$VERSION_CODENAME")"
base="$WORK/base-$release"
root="$WORK/clean/root"

# The packages' sources of this machine, as lines of sources.list: Debian's own alone.
debian_sources() {
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  apt-get indextargets --format "deb [signed-by=$key] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
    'Created-By: Packages' 'ORIGIN: Debian' | sort -u
}

# How this machine reaches them.
apt_options() { apt-config dump | grep -iE '^Acquire::.*(proxy|Verify-|CaInfo)' || true; }

# make_base: the system that every run begins with, once. It keeps apt's lists. Fails if it cannot be made here.
make_base() {
  local log="$WORK/clean/base.log" options="$WORK/clean/apt.conf"
  rm -rf "$base"
  apt_options >"$options"
  debian_sources | mmdebstrap --mode=root --variant=minbase --skip=cleanup/apt/lists \
    --aptopt="$options" --dpkgopt=force-unsafe-io --format=directory "$release" "$base.part" - >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    rm -rf "$base.part"
    return 1
  }
  mv "$base.part" "$base"
}

# apt ARG...: this machine's apt, for the packages of the clean system.
apt() {
  DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o Dir="$root" \
    -o Dir::State::status="$root/var/lib/dpkg/status" \
    -o DPkg::Chroot-Directory="$root" -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }

# All files but those that apt, dpkg and the loader's cache keep for themselves.
files() {
  (cd "$root" && find . -xdev -print) | sort |
    grep -vE '^\./((dev|proc|sys|run|tmp|packages|var/(lib/(apt|dpkg)|cache|log))(/|$)|etc/ld\.so\.cache$)'
}

install_packages() {
  rm -rf "$root"
  cp -a "$base" "$root"
  mkdir "$root/packages"
  cp "$debs"/*.deb "$root/packages"
  files >"$WORK/clean/before"
  apt install "$root"/packages/{libchime[0-9]*,chime-tools_*}.deb
}

[[ $EUID -eq 0 ]] || skip "only root can install packages on a clean system"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
new_folder clean >/dev/null
trap 'rm -rf "$root" "$base.part"' EXIT
if [[ -d "$base" ]]; then
  # What was kept may be older than what can be downloaded.
  install_packages || rm -rf "$base"
fi
if [[ ! -d "$base" ]]; then
  make_base || skip "no clean system of $release can be made here"
  install_packages
fi

# The tool, with nothing of this machine.
expect_output "chime $VERSION" inside chime --version
inside chime probe
inside chime soak --seconds 1 --producers 1

# Programs that are built with libchime-dev, which is unpacked beside the system, since a compiler is large.
apt install "$root"/packages/libchime-dev_*.deb
sysroot="$WORK/clean/sysroot"
for package in "$debs"/libchime*.deb; do dpkg-deb -x "$package" "$sysroot"; done
# flags ARG...: of pkg-config, from there.
flags() {
  PKG_CONFIG_SYSROOT_DIR="$sysroot" PKG_CONFIG_LIBDIR="$sysroot/usr/lib/$MULTIARCH/pkgconfig" pkg-config "$@" chime
}
# shellcheck disable=SC2046 # several words
"$CXX" -std=c++23 "$SOURCE/examples/programs/a_hello.cpp" $(flags --cflags --libs) \
  -L"$sysroot/usr/lib/$MULTIARCH" -o "$root/tmp/hello"
configure_consumer "$here/consumer" "$WORK/clean/build" -DCMAKE_PREFIX_PATH="$sysroot/usr" -DCMAKE_SKIP_RPATH=ON
cmake --build "$WORK/clean/build" --target hello_c
grep -F "chime_DIR:PATH=$sysroot/" "$WORK/clean/build/CMakeCache.txt" ||
  fail "another chime was found than that of the package"
cp "$WORK/clean/build/hello_c" "$root/tmp"
expect_linkage shared "$root/tmp/hello"
expect_output 'signalled: Success' inside /tmp/hello
expect_output 'completed: 0' inside /tmp/hello_c

mapfile -t packages < <(inside dpkg-query -W -f '${Package}\n' '*chime*')
[[ ${#packages[@]} -eq 3 ]] || fail "installed are ${packages[*]}"
apt purge --autoremove "${packages[@]}"
diff "$WORK/clean/before" <(files) || fail "the packages leave these (>) behind, or take those (<) away"
if find "$root" -xdev -path "$root/packages" -prune -o -name '*chime*' -print | grep .; then
  fail "the packages leave these behind"
fi
