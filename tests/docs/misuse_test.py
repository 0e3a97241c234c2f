#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every line that the library can stop a program with is in the page on troubleshooting, and nothing else is.

misuse_test.py ROOT
"""

import pathlib
import re
import sys

PAGE = "docs/guides/troubleshooting.md"
CHAPTER = '\n## The lines that begin with "chime:"\n'
# Code, without comments: a literal is kept as it stands, also one that has "//" in it.
COMMENT_OR_LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
LITERALS = re.compile(r'"(?:\\.|[^"\\])*"(?:\s*"(?:\\.|[^"\\])*")*')  # neighbours are one
STOPS = re.compile(r"\b(?:misuse|chime_uv_misuse_|opened_in\.check)\s*\(")
# Calls whose message is put together elsewhere: what is constant about it.
PASSED_ON = {
    ("src/coro/run.cpp", "text(polled.error()).line.data()"): ["run() cannot poll the loop: "],
    ("src/sync/process.cpp", "what"): [],  # of opened_in.check
}


def without_comments(code):
    return COMMENT_OR_LITERAL.sub(lambda found: found[0] if found[0][0] == '"' else " ", code)


def literals(code):
    return ["".join(re.findall(r'"((?:\\.|[^"\\])*)"', found)) for found in LITERALS.findall(code)]


def arguments(code, begin):
    """From behind an opening parenthesis to the one that closes it."""
    depth = 1
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|[()]', code[begin:]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return code[begin:begin + token.start()].strip()
    raise ValueError("a parenthesis is not closed")


def bare(message):
    """Without what differs from time to time, and without the beginning that all have."""
    return message.removeprefix("chime: ").removesuffix("\\n").removesuffix("%s").strip()


def messages_of(name, code):
    """All that this file can print, and the calls of which that is not clear."""
    code = without_comments(code)
    found = {bare(text) for text in literals(code) if text.startswith("chime: ")}
    unclear = []
    for call in STOPS.finditer(code):
        given = arguments(code, call.end())
        if given.startswith("const char*"):
            continue  # the function itself
        told = PASSED_ON.get((name, given), literals(given) or None)
        if told is None:
            unclear.append(f"{name}: {call[0]}{given})")
        found.update(bare(text) for text in told or [])
    return found - {""}, unclear


def messages_of_page(page):
    if CHAPTER not in page:
        sys.exit(f"{PAGE} has no chapter {CHAPTER.strip()}")
    rows = re.findall(r"^\| `([^`]+)` \|", page.split(CHAPTER, 1)[1], re.M)
    return {bare(row.removeprefix("N ").removesuffix("REASON")) for row in rows if row != "what()"}


def main(root):
    printed, unclear = set(), []
    for folder in ("include", "src"):
        for file in sorted((root / folder).rglob("*.*")):
            found, unknown = messages_of(str(file.relative_to(root)), file.read_text())
            printed |= found
            unclear += unknown
    told = messages_of_page((root / PAGE).read_text())
    complaints = [f"what does this print? Say it in PASSED_ON: {call}" for call in unclear]
    complaints += [f"not in {PAGE}: {message}" for message in sorted(printed - told)]
    complaints += [f"in {PAGE}, and nothing prints it: {message}" for message in sorted(told - printed)]
    if complaints:
        sys.exit("\n".join(complaints))
    print(f"{len(told)} messages")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
