# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev docs: the reference and the guides as one site of files.

command_docs() {
  if [[ $# -ne 0 ]]; then bad_usage "docs takes nothing"; fi
  need_packages docs
  say "making the site"
  tools/docs/build.sh build/docs build/site
  say "the site is in $PWD/build/site"
  printf 'Open file://%s in a browser, or copy the folder to any web server, below any path.\n' "$PWD/build/site/index.html"
}
