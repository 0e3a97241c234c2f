#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code in README.md and docs/, compiled and run: page.py has the convention.

docs.py list ROOT PAGE...       prints CMake: a test for each block that needs one, and one for the projects of a page
docs.py check SETTINGS PAGE:LINE  is such a test; ends with 77 if this machine has not what the block needs
"""

import json
import pathlib
import re
import sys

import checks
import page

SKIPPED = 77


def needs_test(block):
    return bool(block.error) or (block.language != "text" and not block.is_of_project) or block.kind == "same as"


def tests_of(blocks):
    """(line, whether it needs chime installed), one for each test."""
    projects = [block for block in blocks if block.is_of_project and not block.error]
    for block in blocks:
        if projects and block is projects[0]:
            yield block.line, True
        elif needs_test(block):
            yield block.line, block.language == "cmake"


def list_tests(root, pages):
    for name in pages:
        for line, installed in tests_of(page.blocks_of((root / name).read_text())):
            test = f"docs.{name.removeprefix('docs/')}:{line}"
            print(f"chime_docs_test([==[{test}]==] [==[{name}:{line}]==]{' INSTALLED' if installed else ''})")


def check(settings_file, place):
    settings = json.loads(pathlib.Path(settings_file).read_text())
    name, line = place.rsplit(":", 1)
    blocks = page.blocks_of((pathlib.Path(settings["source"]) / name).read_text())
    block = next((block for block in blocks if block.line == int(line)), None)
    if block is None:
        sys.exit(f"{place}: no block begins here; the page has changed since cmake ran")
    work = checks.empty_folder(pathlib.Path(settings["work"]) / re.sub(r"\W+", "-", place))
    try:
        checks.Checks(settings, name, work).check(blocks, block)
    except checks.Failure as failure:
        sys.exit(f"{name}:{failure.line}: {failure}")
    except checks.Skipped as reason:
        print(f"{place}: skipped: {reason}")
        sys.exit(SKIPPED)


def main(arguments):
    if len(arguments) >= 2 and arguments[0] == "list":
        list_tests(pathlib.Path(arguments[1]), arguments[2:])
    elif len(arguments) == 3 and arguments[0] == "check":
        check(*arguments[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
