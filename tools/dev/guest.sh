# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev guest: the tests in a machine of its own, which qemu emulates: another kernel, two NUMA nodes.

guest_programs=(chime chime_unit_tests chime_conformance_tests chime_c_api_test)
guest_seconds=1800 # to boot and to run all suites: ten times what it takes, since a lost wake-up would hang

# What the guest runs, one a line: name, program, arguments.
guest_suites() {
  local backend
  cat <<'TEXT'
conformance chime_conformance_tests --gtest_color=no
placement chime_unit_tests --gtest_color=no --gtest_filter=*Numa*
unit chime_unit_tests --gtest_color=no --gtest_filter=-*Numa*
TEXT
  for backend in io_uring io_uring:no-defer io_uring:linked-read epoll poll; do
    printf 'c_api.%s chime_c_api_test %s\n' "$backend" "$backend"
  done
}

# guest_kernel SERIES: prints the path of Debian's newest kernel of that series, which is downloaded and unpacked but not
# installed.
guest_kernel() {
  local meta package
  case "$1" in
    6.1) meta=linux-image-cloud-amd64 ;;
    *) meta="linux-image-$1-cloud-amd64" ;;
  esac
  package="$(apt-cache depends "$meta" 2>/dev/null |
    awk '/Depends: linux-image-/ && !found { print $2; found = 1 }')" || true # an unknown package fails, and is told below
  [[ "$package" == "linux-image-$1."* ]] || fail "Debian has no kernel $1 here ($meta); try: sudo apt-get update"
  if ! compgen -G "build/guest/$package/boot/vmlinuz-*" >/dev/null; then
    say "downloading $package" >&2
    rm -rf "build/guest/$package" "build/guest/$package"_*.deb
    mkdir -p "build/guest/$package"
    (cd build/guest && apt-get -q download "$package" >&2) || fail "apt-get download $package failed"
    dpkg-deb -x "build/guest/$package"_*.deb "build/guest/$package"
    rm "build/guest/$package"_*.deb
  fi
  compgen -G "build/guest/$package/boot/vmlinuz-*"
}

# guest_memory DIRECTORY: fills it with what the guest finds at its root, and packs that.
guest_memory() {
  local root="$1/root" program library
  rm -rf "$root"
  mkdir -p "$root"/{bin,proc,sys,dev,tmp,guest/bin,lib64,lib/x86_64-linux-gnu}
  cp /bin/busybox "$root/bin/"
  install -m 755 tools/guest/init "$root/init"
  guest_suites >"$root/guest/suites"
  for program in "${guest_programs[@]}"; do cp "build/release/bin/$program" "$root/guest/bin/"; done
  for program in "${guest_programs[@]}"; do ldd "build/release/bin/$program"; done |
    awk '$2 == "=>" { print $3 }' | sort -u |
    while read -r library; do cp -L "$library" "$root/lib/x86_64-linux-gnu/"; done
  cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
  (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$1/memory.gz"
}

# Two processors on two nodes of 512 MiB. The processor is emulated, even where it could be borrowed, so that this runs
# everywhere alike.
guest_boot() {
  timeout "$guest_seconds" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m 1G \
    -object memory-backend-ram,id=memory0,size=512M -numa node,nodeid=0,cpus=0,memdev=memory0 \
    -object memory-backend-ram,id=memory1,size=512M -numa node,nodeid=1,cpus=1,memdev=memory1 \
    -nodefaults -display none -serial stdio -no-reboot \
    -kernel "$1" -initrd "$2" -append 'console=ttyS0 quiet panic=-1' </dev/null
}

command_guest() {
  local series="${1:-6.1}" kernel dir=build/guest started=$SECONDS
  [[ $# -le 1 && "$series" =~ ^[0-9]+\.[0-9]+$ ]] || bad_usage "guest takes one kernel series, such as 6.1 or 6.12"
  need_packages build test guest
  build_preset release "${guest_programs[@]/%chime/chime_tool}"
  kernel="$(guest_kernel "$series")"
  guest_memory "$dir"
  say "booting $(basename "$kernel"); everything it prints is in $dir/console-$series.log"
  guest_boot "$kernel" "$dir/memory.gz" 2>&1 | tr -d '\r' | tee "$dir/console-$series.log" |
    without_ok || true # a machine that hangs is ended; the report says what is missing
  say "$(basename "$kernel"), after $(seconds_since "$started") s with the build"
  report_suites "$dir/console-$series.log" placement || fail "something went wrong in the guest"
}
