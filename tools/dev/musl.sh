# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev musl: the library with musl instead of glibc. Debian has musl and a wrapper of gcc for it, but no C++ library: that is
# built here from GCC's sources, which Debian packages. Nothing is installed; all of it lies in build/sysroot/musl.

musl_root="$sysroots/musl"
musl_target=x86_64-linux-musl

# musl_unpack: what the C++ library's build needs of GCC's sources.
musl_unpack() {
  local archive
  archive="$(find /usr/src/gcc-12 -name 'gcc-12*.tar.*' -print -quit)"
  [[ -n "$archive" ]] || fail "/usr/src/gcc-12 has no sources of GCC (Debian: gcc-12-source)"
  say "unpacking $archive"
  mkdir -p "$musl_root/gcc"
  tar -x -f "$archive" -C "$musl_root/gcc" --strip-components=1 --wildcards \
    --exclude='*/libstdc++-v3/testsuite/*/*' --exclude='*/libstdc++-v3/doc/html/*' --exclude='*/libstdc++-v3/doc/xml/*' \
    '*/libstdc++-v3/*' '*/libgcc/*.[ch]' '*/libiberty/cp-demangle.*' '*/include/*.h' '*/config/*' \
    'gcc-*/config.*' 'gcc-*/config-ml.in' 'gcc-*/install-sh' 'gcc-*/mkinstalldirs' 'gcc-*/missing' 'gcc-*/depcomp' \
    'gcc-*/compile' 'gcc-*/ltmain.sh' 'gcc-*/*.m4' 'gcc-*/gcc/BASE-VER' 'gcc-*/gcc/DATESTAMP'
  ln -s gthr-posix.h "$musl_root/gcc/libgcc/gthr-default.h" # as building GCC itself does; without it, there are no threads
}

# musl_compilers: gcc and g++ for musl, as scripts.
musl_compilers() {
  local specs="$musl_root/musl.specs" cxx="$musl_root/usr/include/c++/12" bare='-nostdinc++'
  mkdir -p "$musl_root/bin" "$musl_root/usr/lib"
  # The unwinder of libgcc_eh.a needs one function of glibc's (see tools/musl/find_object.c) and the table of unwind tables,
  # which gcc by itself leaves out of static programs.
  sed -e 's|%:if-exists(libgcc_eh.a%s)|%:if-exists(libgcc_eh.a%s) -lfind_object -lc|' \
    -e 's|^-dynamic-linker |--eh-frame-hdr &|' "/usr/lib/$musl_target/musl-gcc.specs" >"$specs"
  musl_script gcc ''
  musl_script g++ "$bare -isystem $cxx -isystem $cxx/$musl_target"
  "$musl_root/bin/musl-gcc" -O2 -fPIC -Wall -Wextra -Werror -c tools/musl/find_object.c -o "$musl_root/find_object.o"
  ar rcs "$musl_root/usr/lib/libfind_object.a" "$musl_root/find_object.o"
}

# musl_script COMPILER FLAGS
musl_script() {
  cat >"$musl_root/bin/musl-$1" <<TEXT
#!/bin/sh
exec $1 $2 "\$@" -isystem $musl_root/usr/include -L$musl_root/usr/lib -specs=$musl_root/musl.specs
TEXT
  chmod +x "$musl_root/bin/musl-$1"
}

# musl_headers: those of the kernel and of libraries that do not care which C library there is, from Debian's packages. So is
# the static liburing, which calls hardly anything of the C library. Debian's static libnuma does, and needs glibc.
musl_headers() {
  local include="$musl_root/usr/include" lib="$musl_root/usr/lib" multiarch=x86_64-linux-gnu
  mkdir -p "$include" "$lib/pkgconfig"
  ln -s /usr/include/linux /usr/include/asm-generic "/usr/include/$multiarch/asm" /usr/include/boost \
    /usr/include/liburing /usr/include/liburing.h "$include"
  ln -s "/usr/lib/$multiarch/liburing.a" "$lib"
  sed "s|^libdir=.*|libdir=/usr/lib|" "/usr/lib/$multiarch/pkgconfig/liburing.pc" >"$lib/pkgconfig/liburing.pc"
}

# musl_libstdcxx: GCC's C++ library, position-independent, so that shared libraries can contain it.
musl_libstdcxx() {
  local build="$musl_root/libstdc++" flags='-O1 -fPIC'
  mkdir -p "$build"
  say "building libstdc++ for musl; what is printed is in $build/build.log"
  (
    cd "$build" &&
      CC="$musl_root/bin/musl-gcc" CXX="$musl_root/bin/musl-g++" CFLAGS="$flags" CXXFLAGS="$flags" ../gcc/libstdc++-v3/configure \
        --build=x86_64-linux-gnu --host="$musl_target" --with-cross-host=x86_64-linux-gnu --prefix="$musl_root/usr" \
        --with-gxx-include-dir="$musl_root/usr/include/c++/12" --disable-shared --disable-multilib --disable-nls \
        --disable-libstdcxx-pch --disable-libstdcxx-filesystem-ts --disable-dependency-tracking &&
      make -j "$(nproc)" &&
      make install-strip
  ) >"$build/build.log" 2>&1 || {
    tail -n 30 "$build/build.log" >&2
    fail "libstdc++ cannot be built for musl"
  }
  cp "$musl_root/usr/$musl_target/lib/"*.a "$musl_root/usr/lib/"
}

need_musl_sysroot() {
  if [[ -e "$musl_root/complete" ]]; then return 0; fi
  rm -rf "$musl_root"
  mkdir -p "$musl_root"
  musl_unpack
  musl_compilers
  musl_headers
  musl_libstdcxx
  rm -rf "$musl_root/gcc" "$musl_root/libstdc++"
  touch "$musl_root/complete"
}

# musl_programs FOLDER: one that contains all of itself, and one that takes libchime.so from its file, run on each backend.
musl_programs() {
  local dir="$1" program backend compiler="$musl_root/bin/musl-g++"
  links_compile "$compiler" "$dir/hello-static" -DCHIME_STATIC -static "$dir/src/libchime.a" -luring
  links_compile "$compiler" "$dir/hello-shared" "-L$dir/src" -lchime "-Wl,-rpath,$PWD/$dir/src"
  for program in "$dir/hello-static" "$dir/hello-shared"; do
    for backend in io_uring epoll poll; do
      printf '%s on %s: ' "$program" "$backend"
      CHIME_BACKEND="$backend" "$program"
    done
  done
}

# musl_suites: as ./dev cross runs them elsewhere; here nothing is emulated.
musl_suites() {
  run_program unit build/musl/bin/chime_unit_tests --gtest_color=no
  run_program conformance build/musl/bin/chime_conformance_tests --gtest_color=no
  local backend
  for backend in io_uring epoll poll; do run_program "c_api.$backend" build/musl/bin/chime_c_api_test "$backend"; done
  printf 'all suites ended\n'
}

command_musl() {
  if [[ $# -ne 0 ]]; then bad_usage "musl takes nothing"; fi
  [[ "$(uname -m)" == x86_64 ]] || fail "what Debian has for musl is used on x86-64 only"
  need_packages build test musl
  need_musl_sysroot
  if [[ ! -d "$musl_root/usr/lib/cmake/GTest" ]]; then build_googletest musl; fi
  build_preset musl chime_shared chime_static
  say "a program with it"
  musl_programs build/musl
  build_preset musl "${cross_programs[@]}"
  say "running the suites; everything they print is in build/musl/suites.log"
  musl_suites | tee build/musl/suites.log | without_ok
  say "musl"
  report_suites build/musl/suites.log || fail "something went wrong with musl"
}
