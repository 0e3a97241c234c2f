#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pages that are right pass, and pages that are wrong in one place fail there. checks_test.py SETTINGS"""

import json
import pathlib
import sys
import tempfile
import unittest

import checks
import docs
import page

SETTINGS = {}
HELLO = '#include <chime/chime.hpp>\n#include <cstdio>\nint main() { std::puts(chime::clock::now() > chime::never ? "late" : "hello"); }\n'
CMAKE = "cmake_minimum_required(VERSION 3.25)\nproject(own LANGUAGES CXX)\nfind_package(chime REQUIRED)\n" \
        "add_executable(own main.cpp)\ntarget_link_libraries(own PRIVATE chime::chime)\n"


def fenced(language, text, comment=""):
    return (f"<!-- {comment} -->\n" if comment else "") + f"```{language}\n{text}```\n"


def failures(*parts):
    """(line, what is wrong) of all tests of a page of these parts."""
    blocks = page.blocks_of("\n".join(parts))
    found = []
    for line, _ in docs.tests_of(blocks):
        with tempfile.TemporaryDirectory() as work:
            try:
                checks.Checks(SETTINGS, "page.md", pathlib.Path(work)).check(blocks, next(b for b in blocks if b.line == line))
            except checks.Failure as failure:
                found.append((failure.line, str(failure)))
    return found


class Pages(unittest.TestCase):
    def passes(self, *parts):
        self.assertEqual(failures(*parts), [])

    def fails(self, line, what, *parts):
        found = failures(*parts)
        self.assertEqual([at for at, _ in found], [line], found)
        self.assertIn(what, found[0][1])


class Convention(Pages):
    def test_block_without_language(self):
        self.fails(3, "no language", "text", "", fenced("", "x\n"))

    def test_language_that_nobody_checks(self):
        self.fails(1, "none of", fenced("c++", "int x;\n"))

    def test_block_without_end(self):
        self.fails(1, "no end", "```text\nx\n")

    def test_fragment_without_surroundings(self):
        self.fails(1, "<!-- in:", fenced("cpp", "loop.stop();\n"))
        self.fails(2, "no tests/docs/surroundings/nowhere.cpp", fenced("cpp", "loop.stop();\n", "in: nowhere"))

    def test_comment_that_is_none(self):
        self.fails(1, "no comment", fenced("sh", "true\n", "run in: a"))

    def test_comment_before_no_block(self):
        self.fails(1, "right before a block", "<!-- prints -->", "text", fenced("text", "x\n"))

    def test_comment_before_another_language(self):
        self.fails(2, '"run" cannot', fenced("text", "x\n", "run: a"))

    def test_comment_without_a_name(self):
        self.fails(2, "needs a name", fenced("cpp", "x\n", "in"))

    def test_output_of_nothing(self):
        self.fails(2, "right above", fenced("text", "x\n", "prints"))
        self.fails(2, "no file of a project", fenced("text", "x\n", "prints: own/own"))

    def test_other_comments_are_free(self):
        self.passes("<!-- written by hand -->", "text", fenced("text", "x\n"))


class Code(Pages):
    def test_program(self):
        self.passes(fenced("cpp", HELLO), fenced("text", "hello\n", "prints"))
        self.fails(8, "+hello", fenced("cpp", HELLO), fenced("text", "bye\n", "prints"))
        self.fails(1, "page.md:4", fenced("cpp", HELLO.replace("clock::now", "clock::soon")))
        self.fails(1, "ended with 1", fenced("cpp", "int main() { return 1; }\n"), fenced("text", "\n", "prints"))

    def test_program_with_a_warning(self):
        self.fails(1, "unused", fenced("c", "int main(void) {\n  int x;\n  return 0;\n}\n"))

    def test_fragment(self):
        self.passes(fenced("cpp", "loop.stop();\n", "in: loop"))
        self.fails(2, "page.md:4", fenced("cpp", "loop.stop();\nloop.stopp();\n", "in: loop"))
        self.fails(2, "nodiscard", fenced("cpp", "loop.run();\n", "in: loop"))

    def test_same_as(self):
        hello = pathlib.Path(SETTINGS["source"], "examples/programs/a_hello.cpp").read_text().split("\n", 1)[1]
        self.passes(fenced("cpp", hello, "same as: examples/programs/a_hello.cpp"))
        self.fails(2, "+#include", fenced("cpp", hello.split("\n", 1)[1], "same as: examples/programs/a_hello.cpp"))
        self.fails(2, "no file", fenced("cpp", hello, "same as: examples/none.cpp"))

    def test_commands(self):
        self.passes(fenced("sh", "ls | wc\n"))
        self.fails(1, "syntax error", fenced("sh", "ls | | wc\n"))

    def test_cmake_fragment(self):
        self.passes(fenced("cmake", "target_link_libraries(app PRIVATE chime::chime)\n"))
        self.fails(2, "bells", fenced("cmake", "target_link_libraries(app PRIVATE chime::bells)\n", "in: consumer"))


class OwnProjects(Pages):
    files = fenced("cmake", CMAKE, "file: own/CMakeLists.txt"), fenced("cpp", HELLO, "file: own/main.cpp")

    def test_built_and_run(self):
        self.passes(*self.files, fenced("text", "hello\n", "prints: own/own"))
        self.fails(18, "+hello", *self.files, fenced("text", "bye\n", "prints: own/own"))
        self.fails(18, "no program", *self.files, fenced("text", "hello\n", "prints: own/other"))

    def test_commands(self):
        build = fenced("sh", 'cmake --install build/lean --prefix ~/.local >../log\n', "run: chime") + "\n" + fenced(
            "sh", 'cmake -B build -DCMAKE_PREFIX_PATH="$HOME/.local" >log\ncmake --build build >log\n', "run: own")
        play = fenced("sh", "build/own\n", "run: own")
        self.passes(*self.files, build, play, fenced("text", "hello\n", "prints"))
        self.fails(34, "+hello", *self.files, build, play, fenced("text", "bye\n", "prints"))
        self.fails(18, "ended with 127", *self.files, fenced("sh", "./own\n", "run: own"))

    def test_that_does_not_compile(self):
        wrong = fenced("cpp", HELLO.replace("puts", "put"), "file: own/main.cpp")
        self.fails(11, "main.cpp:3", self.files[0], wrong)

    def test_file_outside(self):
        self.fails(2, "outside", fenced("text", "x\n", "file: own/../../other"))


if __name__ == "__main__":
    SETTINGS.update(json.loads(pathlib.Path(sys.argv.pop(1)).read_text()))
    unittest.main()
