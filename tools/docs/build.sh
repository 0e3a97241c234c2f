#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# build.sh WORK SITE: makes the site in SITE; what lies between is in WORK. Both are made anew. Any warning fails.
set -euo pipefail
work="$(realpath -m "$1")"
site="$(realpath -m "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rm -rf "$work" "$site"
mkdir -p "$work"
export CHIME_DOXYGEN_OUTPUT="$work/doxygen" CHIME_ROOT="$PWD" PYTHONDONTWRITEBYTECODE=1
# Debian's Python, which has what packages.txt lists.
doxygen tools/docs/Doxyfile
/usr/bin/python3 tools/docs/pages.py . "$work/doxygen/xml" "$work/pages"
# -W: a warning fails; -E and -d: nothing of an earlier run, and nothing of this one among what is served.
/usr/bin/python3 -m sphinx -b html -c tools/docs -d "$work/doctrees" -E -W --keep-going -q "$work/pages" "$site"
# Debian packages the theme without its bundler: a style sheet is taken from the root of the web server, where it need not
# be, and a script imports another, as scripts that are no modules may not, and modules cannot from files.
assets="$site/_static"
cp /usr/share/javascript/normalize.css/normalize.min.css "$assets/styles/normalize.css"
sed -i 's|^@import url(/javascript/normalize.css/normalize.css);|@import url(normalize.css);|' "$assets/styles/furo.css"
sed -i -e "/^import Gumshoe from/{r $assets/scripts/gumshoe-patched.js" -e 'd}' "$assets/scripts/furo.js"
rm -f "$assets/scripts/gumshoe-patched.js" "$assets"/{skeleton,debug}.css "$site/.buildinfo"
