# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code blocks of a page of documentation, and the convention by which each of them is held to the truth.

A block has a language. What it is for says one comment of HTML right before it, which readers do not see:

    (cpp, c) with main(    a whole program: it is compiled without a warning and linked with chime
    in: NAME               (cpp, c, cmake) a fragment: it is compiled in place of the line "HERE" of surroundings/NAME
    same as: FILE          the block is this file of the project, but for the file's first line, the licence
    file: PROJECT/PATH     a file of a project of the page, which is built against chime as it is installed
    run: PROJECT           (sh) commands, run in that project's folder; the folder "chime" stands for a built clone
    prints                 (text) all that the program, or the commands, right above print
    prints: PROJECT/PATH   (text) all that this program of a project prints; PATH begins in its build folder
    (cmake) other          as with "in: consumer": it follows find_package(chime) and add_executable(app ...)
    (cpp, c) other         wrong
    (sh) other             commands, whose syntax is checked
    (text) other           anything
"""

import dataclasses
import re

LANGUAGES = ("c", "cmake", "cpp", "sh", "text")
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*?)[ \t]*$")
COMMENT = re.compile(r"^ *<!-- (?P<kind>in|same as|file|run|prints)(?:: *(?P<argument>\S.*?))? *-->$")
ANY_COMMENT = re.compile(r"^ *<!--.*-->$")
# What a comment can stand before: languages, and whether it has an argument.
COMMENTS = {
    "in": (("c", "cmake", "cpp"), True),
    "same as": (None, True),
    "file": (None, True),
    "run": (("sh",), True),
    "prints": (("text",), None),
}


@dataclasses.dataclass
class Block:
    line: int  # of its fence, from 1
    language: str
    text: str
    kind: str = ""  # of the comment before it
    argument: str = ""
    error: str = ""  # how it breaks the convention
    printed: "Block | None" = None  # what it must print

    @property
    def project(self):
        return self.argument.split("/", 1)[0]

    @property
    def path(self):
        return self.argument.split("/", 1)[-1]

    @property
    def is_program(self):
        return self.language in ("c", "cpp") and self.kind in ("", "same as") and bool(re.search(r"\bmain\s*\(", self.text))

    @property
    def is_of_project(self):
        """Whether it is checked together with the other blocks of the page's projects."""
        return self.kind in ("file", "run") or (self.kind == "prints" and bool(self.argument))


def blocks_of(text):
    """All blocks of a page, in order, each with what is wrong with it."""
    blocks = list(_read(text.split("\n")))
    projects = set()
    for before, block in zip([None] + blocks, blocks):
        block.error = block.error or _error(block, before, projects)
        if block.kind == "file":
            projects.add(block.project)
        if block.kind == "prints" and not block.argument and not block.error:
            before.printed = block
    return blocks


def _read(lines):
    at = 0
    comment = None  # (line, match) that waits for its block
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence is None:
            if comment is not None and lines[at].strip():
                yield Block(comment[0], "", "", error="this comment must stand right before a block")
                comment = None
            if ANY_COMMENT.match(lines[at]) and _before_block(lines, at + 1):
                known = COMMENT.match(lines[at])
                if known is None:
                    yield Block(at + 1, "", "", error="this is no comment that can stand before a block")
                comment = known and (at + 1, known)
            elif COMMENT.match(lines[at]):
                yield Block(at + 1, "", "", error="this comment must stand right before a block")
            at += 1
            continue
        end = _end_of_block(lines, at, fence["fence"])
        indent = len(fence["indent"])
        text = "".join(line[min(indent, len(line) - len(line.lstrip(" "))):] + "\n" for line in lines[at + 1:end])
        block = Block(at + 1, fence["info"], text)
        if comment is not None:
            block.kind, block.argument = comment[1]["kind"], comment[1]["argument"] or ""
        elif block.language == "cmake":
            block.kind, block.argument = "in", "consumer"
        if end == len(lines):
            block.error = "the block has no end"
        yield block
        comment = None
        at = end + 1


def _before_block(lines, at):
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at < len(lines) and FENCE.match(lines[at]) is not None


def _end_of_block(lines, begin, fence):
    end = re.compile(rf"^ *{re.escape(fence[0])}{{{len(fence)},}} *$")
    return next((at for at in range(begin + 1, len(lines)) if end.match(lines[at])), len(lines))


def _error(block, before, projects):
    if not block.language:
        return "the block has no language"
    if block.kind:
        languages, has_argument = COMMENTS[block.kind]
        if languages is not None and block.language not in languages:
            return f'"{block.kind}" cannot stand before a block of {block.language}'
        if has_argument and not block.argument:
            return f'"{block.kind}" needs a name'
    if block.kind == "prints" and block.argument and block.project not in projects:
        return f'no file of a project "{block.project}" stands above'
    if block.kind == "prints" and not block.argument and not (before and (before.is_program or before.kind == "run")):
        return "neither a program nor commands that are run stand right above"
    if block.kind == "file" and "/" not in block.argument:
        return '"file" needs a project and a path: PROJECT/PATH'
    if not block.kind and block.language not in LANGUAGES:
        return f'the language "{block.language}" is none of {", ".join(LANGUAGES)}'
    if block.language in ("c", "cpp") and not block.kind and not block.is_program:
        return 'this is no whole program, so it needs "<!-- in: SURROUNDINGS -->" before it'
    return ""
