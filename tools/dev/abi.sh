# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev abi: the ABI of the C interface, which programs that were compiled earlier rely on.

abi_baseline=abi/libchime.x86_64.abi

command_abi() {
  case "$*" in
    '' | --check) ;;
    *) bad_usage "abi takes --check or nothing, not \"$*\"" ;;
  esac
  need_packages build test
  [[ "$(uname -m)" == x86_64 ]] || fail "the baseline is one of x86-64"
  build_preset release chime_c_abi chime_abi_program chime_abi_other
  if [[ "${1:-}" == --check ]]; then
    say "comparing with $abi_baseline"
    ctest --preset release -R '^abi\.'
  else
    tests/abi/describe.sh build/release/tests/abi/libchime.so >"$abi_baseline"
    say "written: $abi_baseline"
  fi
}
