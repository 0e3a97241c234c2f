#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# check.sh CASE SOURCES FOLDER: a repository of its own in FOLDER, with the sources as they are now, the long steps of ./dev
# release replaced by what passes at once, and CASE's one mistake. Then ./dev release must find it, and nothing else.
set -euo pipefail
case="$1" sources="$2" folder="$3"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_COUNT=3
export GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=Tests GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=tests@localhost
export GIT_CONFIG_KEY_2=safe.directory GIT_CONFIG_VALUE_2='*'
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

git -C "$sources" rev-parse --git-dir >/dev/null 2>&1 || {
  echo "cannot run here: the sources are no repository, so which files are theirs is not known"
  exit 77
}

rm -rf "$folder"
mkdir -p "$folder"
(cd "$sources" && git ls-files -z --cached --others --exclude-standard ':!tests/fuzz/corpus' ':!docs/benchmarks' |
  xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' sh |
  tar -c --null -T - -f -) | tar -x -f - -C "$folder"
cd "$folder"
mkdir build

# What takes long is tested elsewhere. These are read after the real ones.
cat >tools/dev/zz_stand_ins.sh <<'TEXT'
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
command_abi() { echo "abi $*" >>build/called; }
command_docs() { echo "docs $*" >>build/called; }
command_package() { echo "package $*" >>build/called; }
command_test() { echo "test $*" >>build/called; }
release_step_build() { echo "build $*" >>build/called; }
TEXT
version="$(sed -nE 's/^project\(chime VERSION ([0-9.]+) .*/\1/p' CMakeLists.txt)"
# The sources need not be releasable today; this copy is.
sed -i -E "/^## \[Unreleased\]/,/^## \[[0-9]/{/^## \[[0-9]/!d}; s/^## \[$version\] - .*/## [$version] - 2026-01-31/" CHANGELOG.md
sed -i "0,/^## \[/s//## [Unreleased]\n\n&/" CHANGELOG.md
git init --quiet --initial-branch main
git add --all
git commit --quiet --message "All of it"

expected=1 arguments=(--dry-run) step='' says=''
change() { git add --all && git commit --quiet --message "One mistake"; }
case "$case" in
  right) expected=0 says="releasable: ./dev release would tag" ;;
  tagged) expected=0 arguments=() says="nothing was pushed" ;;
  skipped) expected=3 arguments=(--dry-run --skip tests --skip abi) says="SKIPPED, SO NOT RELEASABLE: tests abi" ;;
  dirty) step=tree says="not committed" && echo >>README.md ;;
  untracked) step=tree says="new_file" && echo >new_file ;;
  branch) step=tree says="this is branch other" && git checkout --quiet -b other ;;
  header) step=version says="config.hpp has version" && sed -i 's/VERSION_PATCH [0-9]*/VERSION_PATCH 77/' include/chime/config.hpp && change ;;
  page) step=version says="README.md:1 names version 7.7.7" && sed -i '1s/^/libchime-dev_7.7.7 is new.\n/' README.md && change ;;
  undated) step=changelog says="has no date" && sed -i "s/^\(## \[$version\]\) - .*/\1 - unreleased/" CHANGELOG.md && change ;;
  no_such_day) step=changelog says="has no date" && sed -i "s/2026-01-31/2026-02-31/" CHANGELOG.md && change ;;
  other_version) step=changelog says="not $version" && sed -i "s/^## \[$version\]/## [0.0.7]/" CHANGELOG.md && change ;;
  left_over) step=changelog says="left under Unreleased" && sed -i "/^## \[Unreleased\]/a - New." CHANGELOG.md && change ;;
  no_unreleased) step=changelog says="has no section" && sed -i "/^## \[Unreleased\]/d" CHANGELOG.md && change ;;
  licence) step=licences says="src/sync/thread.cpp has no SPDX line" && sed -i 1d src/sync/thread.cpp && change ;;
  taken) step=tag says="the tag v$version exists already" && git tag "v$version" ;;
  missing_command) step=docs says='no command "docs"' && rm -f tools/dev/docs.sh && sed -i /_docs/d tools/dev/zz_stand_ins.sh && change ;;
  failing_command) step=package says="no disk" && echo 'command_package() { fail "no disk"; }' >>tools/dev/zz_stand_ins.sh && change ;;
  *) echo "no case $case" && exit 2 ;;
esac

code=0
./dev release "${arguments[@]}" >build/said 2>&1 || code=$?
fail() {
  cat build/said
  echo "check.sh: $*"
  exit 1
}
[[ $code -eq $expected ]] || fail "ended with $code, not $expected"
grep -qF -- "$says" build/said || fail "does not say \"$says\""
failed="$(sed -nE 's/^  FAILED +([a-z]+) .*/\1/p' build/said)"
[[ "$failed" == "$step" ]] || fail "the steps that failed are \"$failed\", not \"$step\""

# What a whole run calls, and what is tagged.
case "$case" in
  right) wanted=$'build '"$version"$'\nabi --check\ndocs \npackage \ntest ' ;;
  skipped) wanted=$'build '"$version"$'\ndocs \npackage ' ;;
  *) wanted="$(cat build/called)" ;;
esac
[[ "$(cat build/called)" == "$wanted" ]] || fail "what was called is: $(cat build/called)"
tags="$(git for-each-ref --format '%(refname:short) %(objecttype) %(*objectname)' refs/tags)"
case "$case" in
  tagged) [[ "$tags" == "v$version tag $(git rev-parse HEAD)" ]] || fail "tagged: \"$tags\"" ;;
  taken) ;;
  *) [[ -z "$tags" ]] || fail "tagged: \"$tags\"" ;;
esac
cd / && rm -rf "$folder"
