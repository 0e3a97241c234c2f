#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests of the rules on small sources, and of a mutant that is compiled, turned on, and told apart."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import rules
from source import Source

COMPILER = "g++"


def found_in(text, kind):
    return [m.change for m in rules.Finder(Source("src/sample.cpp", text)).all() if m.kind == kind]


class Rules(unittest.TestCase):
    def test_each_order_becomes_weaker_by_one_step(self):
        text = """void f() {
  a.load(std::memory_order_acquire);
  a.store(1, std::memory_order_relaxed);
  b.compare_exchange_weak(old, next, std::memory_order_acq_rel,
                          std::memory_order_acquire);
  // a.load(std::memory_order_acquire);
}
"""
        expected = [
            "a.load(): acquire → relaxed",
            "b.compare_exchange_weak, success: acq_rel → acquire",
            "b.compare_exchange_weak, success: acq_rel → release",
            "b.compare_exchange_weak, failure: acquire → relaxed",
        ]
        self.assertEqual(found_in(text, "order"), expected)

    def test_each_operand_is_a_check_of_its_own(self):
        text = 'int f() {\n  if (a == nullptr || g(b || c)) return -EINVAL;\n  if (d) misuse("no || so");\n}\n'
        self.assertEqual(found_in(text, "misuse"), ["never: a == nullptr", "never: g(b || c)", "never: d"])

    def test_wakes_are_statements(self):
        text = "void ring();\nvoid f() {\n  if (asleep) bell.ring();\n  return post(g());\n}\n"
        self.assertEqual(found_in(text, "wake"), ["drop: bell.ring()"])

    def test_generations_are_the_same(self):
        text = "bool f() {\n  return w.peek().generation() != mine || now.generation() == 0;\n}\n"
        self.assertEqual(
            found_in(text, "generation"), ["never: w.peek().generation() != mine", "always: now.generation() == 0"]
        )

    def test_a_check_without_a_mutant_is_told(self):
        with tempfile.TemporaryDirectory() as root:
            sample = pathlib.Path(root) / "src" / "sample.cpp"
            sample.parent.mkdir()
            sample.write_text('void f() {\n  if (bad) misuse("x");\n  ok ? void() : misuse("y");\n}\n')
            told = list(rules.overlooked(root))
            self.assertEqual(len(told), 1)
            self.assertIn("src/sample.cpp:3", told[0])

    def test_a_mutant_is_on_in_the_process_that_asks_for_it(self):
        text = """[[noreturn]] void misuse(const char*);
bool f(int n) {
  if (n > 1 || n < -1) misuse("too much");
  return true;
}
void misuse(const char*) { std::_Exit(3); }
int main(int count, char**) { return f(count) ? 0 : 1; }
"""
        source = Source("src/sample.cpp", text)
        found = rules.Finder(source).all()
        self.assertEqual(len(found), 2)
        for number, mutant in enumerate(found, 1):
            mutant.number = number
        with tempfile.TemporaryDirectory() as folder:
            sample, program, reached = (pathlib.Path(folder) / name for name in ("sample.cpp", "sample", "reached"))
            sample.write_text(rules.mutated(text, found))
            switch = pathlib.Path(__file__).resolve().parent / "mutation.hpp"
            subprocess.run([COMPILER, "-std=c++23", "-include", switch, sample, "-o", program], check=True)
            reached.write_bytes(bytes(4096))

            def outcome(mutant):
                environment = dict(os.environ, CHIME_MUTANT=str(mutant), CHIME_REACHED=str(reached))
                return subprocess.run([program, "one more"], env=environment).returncode

            self.assertEqual([outcome(0), outcome(1), outcome(2)], [3, 0, 3])
            self.assertEqual([n for n, byte in enumerate(reached.read_bytes()) if byte], [1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        COMPILER = sys.argv.pop(1)
    unittest.main()
