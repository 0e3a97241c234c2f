# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev release: everything that must be true of a version before it is tagged, looked at one after the other; then the tag.
# docs/releasing.md tells how a version is prepared. The quick steps come first.

release_steps=(tree version changelog licences tag archive build abi docs package tests)
release_dir="$PWD/build/release-check"

# What each step looks at, for the list at the end.
release_about() {
  case "$1" in
    tree) printf 'on main, and all is committed' ;;
    version) printf 'one version everywhere' ;;
    changelog) printf 'CHANGELOG.md: the version has a date, nothing is left under Unreleased' ;;
    licences) printf 'an SPDX line in every source' ;;
    tag) printf 'the tag is not taken' ;;
    archive) printf 'the source archive is the same, made twice' ;;
    build) printf 'what is in the source archive builds alone, and tells this version' ;;
    abi) printf './dev abi --check' ;;
    docs) printf './dev docs' ;;
    package) printf './dev package' ;;
    tests) printf './dev test' ;;
  esac
}

release_version() { sed -nE 's/^project\(chime VERSION ([0-9]+\.[0-9]+\.[0-9]+) .*/\1/p' CMakeLists.txt; }

# Each step says what is wrong on stderr and fails; what else it prints goes to its log.
wrong() {
  printf '%s\n' "$*" >&2
  return 1
}

release_step_tree() {
  local branch state
  branch="$(git symbolic-ref --quiet --short HEAD)" || wrong "HEAD is no branch; releases are made on main"
  [[ "$branch" == main ]] || wrong "this is branch $branch; releases are made on main"
  state="$(git status --porcelain)"
  [[ -z "$state" ]] || wrong "not committed:"$'\n'"$state"
}

# version_in_header PART: what include/chime/config.hpp says.
version_in_header() { sed -nE "s/^#define CHIME_VERSION_$1 ([0-9]+)\$/\1/p" include/chime/config.hpp; }

# versions_in_pages: where a page names a version of chime or of one of its packages, as "FILE:LINE:VERSION".
versions_in_pages() {
  git grep -nIoE '(chime|libchime|chime-dev|find_package\(chime|CHIME)[ _-]v?[0-9]+\.[0-9]+(\.[0-9]+)?|libchime[0-9]+\.[0-9]+' \
    -- README.md 'docs/*.md' 'packaging/*' 'debian/*' | sed -E 's/^([^:]*:[0-9]+:).*[^0-9.]([0-9]+\.[0-9.]*[0-9])$/\1\2/'
}

release_step_version() {
  local version="$1" header page failed=0
  header="$(version_in_header MAJOR).$(version_in_header MINOR).$(version_in_header PATCH)"
  [[ "$header" == "$version" ]] || wrong "include/chime/config.hpp has version $header, CMakeLists.txt has $version" || failed=1
  while read -r page; do
    [[ "${page##*:}" == "$version" || "${page##*:}" == "${version%.*}" ]] ||
      wrong "${page%:*} names version ${page##*:}, CMakeLists.txt has $version" || failed=1
  done < <(versions_in_pages)
  return "$failed"
}

release_step_changelog() {
  local version="$1" heading date rest
  heading="$(grep -m 1 -E '^## \[[0-9]' CHANGELOG.md)" || wrong "CHANGELOG.md has no version"
  [[ "$heading" == "## [$version] - "* ]] || wrong "the newest version in CHANGELOG.md is \"$heading\", not $version"
  date="${heading##* - }"
  [[ "$date" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] && date --date "$date" >/dev/null 2>&1 ||
    wrong "CHANGELOG.md: \"$heading\" has no date (year-month-day)"
  rest="$(sed -n '/^## \[Unreleased\]/,/^## \[[0-9]/p' CHANGELOG.md)"
  [[ -n "$rest" ]] || wrong "CHANGELOG.md has no section \"## [Unreleased]\" for what comes next"
  rest="$(sed '1d;$d;/^$/d' <<<"$rest")"
  [[ -z "$rest" ]] || wrong "left under Unreleased in CHANGELOG.md:"$'\n'"$rest"
}

# Data, pages and what other programs prescribe the form of have none.
release_step_licences() {
  local without
  without="$(git ls-files -z -- dev '*.cpp' '*.hpp' '*.ipp' '*.h' '*.c' '*.py' '*.sh' '*.awk' '*.pml' '*.cmake' '*CMakeLists.txt' '*.js' \
    '*.css' '*.in' ':!*.json.in' ':!*changelog.in' | xargs -0 awk '
      FNR == 1 { ++files[FILENAME] }
      /SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception/ { ++named[FILENAME] }
      FNR == 4 { nextfile }
      END { for (file in files) if (!(file in named)) print file " has no SPDX line in its first four" }')"
  [[ -z "$without" ]] || wrong "$without"
}

release_step_tag() {
  ! git rev-parse --quiet --verify "refs/tags/v$1" >/dev/null || wrong "the tag v$1 exists already"
}

# release_archive VERSION FILE: without a time of its own, so that anybody can make the same.
release_archive() { git archive --format=tar --prefix="chime-$1/" HEAD | gzip -9 -n >"$2"; }

release_step_archive() {
  local archive="$release_dir/chime-$1.tar.gz"
  release_archive "$1" "$archive"
  release_archive "$1" "$release_dir/again.tar.gz"
  cmp "$archive" "$release_dir/again.tar.gz" || wrong "made twice, the source archive is not the same"
  rm "$release_dir/again.tar.gz"
  sha256sum "$archive"
}

release_step_build() {
  local dir="$release_dir/unpacked" source="$release_dir/unpacked/chime-$1" told
  need_packages build
  rm -rf "$dir"
  mkdir "$dir"
  release_archive "$1" "$dir/archive.tar.gz"
  tar -x -f "$dir/archive.tar.gz" -C "$dir"
  cmake -S "$source" -B "$dir/build" -DCHIME_BUILD_TESTS=OFF -DCHIME_BUILD_EXAMPLES=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
  cmake --build "$dir/build" --parallel
  told="$("$dir/build/bin/chime" --version)"
  [[ "$told" == *"$1"* ]] || wrong "the tool from the archive tells \"$told\", not $1"
  rm -rf "$dir"
}

# Other commands of ./dev, as a user gives them.
release_step_abi() { ./dev abi --check; }
release_step_docs() { ./dev docs; }
release_step_package() { ./dev package; }
release_step_tests() { ./dev test; }

# release_run STEP VERSION: does it; what it prints goes to its log. Not to be called in a condition, where a step would go on
# after an error.
release_run() {
  local step="$1" started=$SECONDS code log="$release_dir/$1.log"
  say "$step: $(release_about "$step")"
  set +e
  (
    set -e
    "release_step_$step" "$2"
  ) >"$log" 2>&1
  code=$?
  set -e
  if [[ $code -eq 0 ]]; then
    release_result "passed" "$step" "$(seconds_since "$started") s"
  else
    tail -n 20 "$log" >&2
    printf 'all of it is in %s\n' "$log" >&2
    release_result "FAILED" "$step" "$(seconds_since "$started") s"
    release_failed+=("$step")
  fi
}

release_result() { release_list+="$(printf '  %-8s %-10s %6s  %s' "$1" "$2" "${3:-}" "$(release_about "$2")")"$'\n'; }

# release_tag VERSION DRY: what is left to do, when nothing failed or was skipped.
release_tag() {
  if [[ $2 -eq 1 ]]; then
    say "releasable: ./dev release would tag $(git rev-parse --short HEAD) as v$1"
    return 0
  fi
  git tag --annotate "v$1" --message "chime $1"
  say "tagged v$1; nothing was pushed. To publish it: git push origin main v$1"
}

# The rest of ./dev's arguments go to release_dry and release_skipped.
release_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --dry-run) release_dry=1 ;;
      --skip)
        [[ $# -gt 1 && " ${release_steps[*]} " == *" $2 "* ]] ||
          bad_usage "release --skip takes one of ${release_steps[*]}, not \"${2:-}\""
        release_skipped+=" $2 "
        shift
        ;;
      *) bad_usage "release takes --dry-run and --skip STEP, not \"$1\"" ;;
    esac
    shift
  done
  [[ $release_dry -eq 1 || -z "$release_skipped" ]] || bad_usage "--skip is for --dry-run: what is tagged has passed everything"
}

command_release() {
  local version step
  release_dry=0 release_skipped='' release_list='' release_failed=()
  release_arguments "$@"
  version="$(release_version)"
  [[ -n "$version" ]] || fail "CMakeLists.txt has no line \"project(chime VERSION MAJOR.MINOR.PATCH \""
  mkdir -p "$release_dir"
  for step in "${release_steps[@]}"; do
    if [[ "$release_skipped" == *" $step "* ]]; then
      release_result skipped "$step"
    else
      release_run "$step" "$version"
    fi
  done
  say "chime $version"
  printf '%s' "$release_list"
  [[ ${#release_failed[@]} -eq 0 ]] || fail "not releasable; failed: ${release_failed[*]}"
  if [[ -n "$release_skipped" ]]; then
    printf 'dev: SKIPPED, SO NOT RELEASABLE:%s\n' "${release_skipped//  / }" >&2
    exit 3
  fi
  release_tag "$version" "$release_dry"
}
