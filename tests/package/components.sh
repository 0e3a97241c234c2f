#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What find_package(chime) says of versions, of components whose library is missing, and of those that do not exist.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
folder="$(new_folder components)"

# ask NAME 'ARGUMENTS OF find_package' [CMAKE ARG...]: configures a project that does that; its output is in $folder/NAME.log.
ask() {
  local name="$1" arguments="$2"
  shift 2
  mkdir -p "$folder/$name"
  cat >"$folder/$name/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.25)
project($name LANGUAGES C)
find_package(chime $arguments)
message(STATUS "chime \${chime_FOUND}, asio \${chime_asio_FOUND}, boost_asio \${chime_boost_asio_FOUND}")
foreach(target IN ITEMS chime shared static asio boost_asio libuv)
  if(TARGET chime::\${target})
    message(STATUS "target \${target}")
  endif()
endforeach()
TEXT
  cmake -S "$folder/$name" -B "$folder/$name/build" -G "$GENERATOR" -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_PREFIX_PATH="$PREFIX" "$@" >"$folder/$name.log" 2>&1
}

# said NAME TEXT: in its output, wherever the lines are broken.
said() {
  local text
  text="$(tr -s ' \n' ' ' <"$folder/$1.log")"
  [[ "$text" == *"$2"* ]] || fail "$1 did not say \"$2\": $(cat "$folder/$1.log")"
}
not_said() { ! grep -qF -- "$2" "$folder/$1.log" || fail "$1 said \"$2\""; }

ask plain '0.1 REQUIRED' || fail "version 0.1 is not found"
for target in chime shared static; do said plain "target $target"; done
not_said plain 'target asio'
ask exactly "$VERSION EXACT REQUIRED" || fail "version $VERSION is not found"
# The minor version may change what programs rely on, so only its own is right.
for other in 0.0 0.2 1.0; do
  ask "other_${other/./_}" "$other" || fail "a package that is not required stopped CMake"
  said "other_${other/./_}" 'chime 0,'
  said "other_${other/./_}" "version: $VERSION"
done

ask all 'REQUIRED COMPONENTS asio boost_asio libuv' || fail "the components are not found: $(cat "$folder/all.log")"
for target in asio boost_asio libuv; do said all "target $target"; done

# Without the library that an adapter is for.
if ask no_asio 'REQUIRED COMPONENTS asio' -DCMAKE_IGNORE_PATH="$ASIO_INCLUDE"; then
  fail "there is chime::asio without Asio"
fi
said no_asio 'chime::asio needs standalone Asio, asio.hpp (Debian: libasio-dev;'
if ask no_boost 'REQUIRED COMPONENTS boost_asio' -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON; then
  fail "there is chime::boost_asio without Boost"
fi
said no_boost 'chime::boost_asio needs Boost 1.74 or later (Debian: libboost-dev)'
if ask no_libuv 'REQUIRED COMPONENTS libuv' -DCMAKE_IGNORE_PATH="$LIBUV_INCLUDE"; then
  fail "there is chime::libuv without libuv"
fi
said no_libuv 'chime::libuv needs libuv, uv.h and its library (Debian: libuv1-dev;'
ask optional 'REQUIRED COMPONENTS boost_asio OPTIONAL_COMPONENTS asio' -DCMAKE_IGNORE_PATH="$ASIO_INCLUDE" ||
  fail "an optional component was required"
said optional 'chime 1, asio FALSE, boost_asio TRUE'
not_said optional 'target asio'

if ask unknown 'REQUIRED COMPONENTS asio glib'; then
  fail "there is a component glib"
fi
said unknown 'chime has no component "glib"; it has asio, boost_asio, libuv.'
ask unknown_quiet 'QUIET COMPONENTS glib' || fail "a package that is not required stopped CMake"
said unknown_quiet 'chime 0,'
