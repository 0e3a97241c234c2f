#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What has the static library in itself keeps it to itself; and nothing can have both libraries.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder="$(new_folder static)"
configure_consumer "$here/consumer" "$folder/plugin" -DCMAKE_PREFIX_PATH="$PREFIX" -DCMAKE_CXX_VISIBILITY_PRESET=hidden
cmake --build "$folder/plugin" --target plugin
exported="$(nm -D --defined-only "$folder/plugin/libplugin.so" | grep -i chime || true)"
[[ -z "$exported" ]] || fail "a plugin exports chime's own: $exported"

mkdir "$folder/both"
cat >"$folder/both/CMakeLists.txt" <<'TEXT'
cmake_minimum_required(VERSION 3.25)
project(both LANGUAGES CXX)
find_package(chime REQUIRED)
file(WRITE ${CMAKE_BINARY_DIR}/main.cpp "int main() {}")
add_executable(both ${CMAKE_BINARY_DIR}/main.cpp)
target_link_libraries(both PRIVATE chime::chime chime::static)
TEXT
if said="$(configure_consumer "$folder/both" "$folder/both/build" -DCMAKE_PREFIX_PATH="$PREFIX" 2>&1)"; then
  fail "a program may link to both libraries"
fi
[[ "$said" == *CHIME_LINKAGE* ]] || fail "it is not told why: $said"
