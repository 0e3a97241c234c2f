#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The mutation gate: ./dev mutate. Breaks the product in one place at a time, and requires that some test fails.

All mutants are compiled into one build of a changed copy of the sources (rules.py, mutation.hpp); each process turns
one of them on. Every test is run once without a mutant first, so that a mutant is tried only on tests that reach it."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import report
import rules
import suites

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutants"
TREE = WORK / "tree"
BUILD = WORK / "build"
SWITCH = ROOT / "tests" / "mutation" / "mutation.hpp"
REASONS = SWITCH.parent / "equivalent.txt"
# What is compiled with all checks, as in debug builds, so that these checks have mutants that can be killed.
WITH_ALL_CHECKS = {
    "src/CMakeLists.txt": "memory/block_pool.cpp",
    "tests/unit/CMakeLists.txt": "block_pool_misuse_test.cpp",
}
AT_ONCE = 1  # seconds: tests of this length are tried on mutants that have a reason to live
COPIED = ["CMakeLists.txt", "LICENSE", "cmake", "include", "src", "tests"]


def say(text):
    print(text, flush=True)


def files_of(folder):
    path = ROOT / folder
    if path.is_file():
        return [path]
    return [p for p in sorted(path.rglob("*")) if p.is_file() and (p == SWITCH or SWITCH.parent not in p.parents)]


def write_if_changed(path, content):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def make_tree(found):
    """The copy of the sources with the mutants in it; only what has changed is written, so that builds are short."""
    of_path = {}
    for mutant in found:
        of_path.setdefault(mutant.path, []).append(mutant)
    wanted = set()
    for folder in COPIED:
        for path in files_of(folder):
            name = str(path.relative_to(ROOT))
            content = path.read_bytes()
            if name in of_path:
                content = rules.mutated(content.decode(), of_path[name]).encode()
            if name in WITH_ALL_CHECKS:
                option = f"set_source_files_properties({WITH_ALL_CHECKS[name]} PROPERTIES COMPILE_OPTIONS -UNDEBUG)"
                content += f"\n{option}\n".encode()
            write_if_changed(TREE / name, content)
            shutil.copymode(path, TREE / name)
            wanted.add(TREE / name)
    for path in [p for p in TREE.rglob("*") if p.is_file() and p not in wanted]:
        path.unlink()


def state_of_tree():
    digest = hashlib.sha256()
    for path in sorted(p for p in TREE.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(TREE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build(jobs):
    say(f"building the mutants in {BUILD.relative_to(ROOT)}")
    configure = ["cmake", "-S", TREE, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG"]
    configure.append(f"-DCMAKE_CXX_FLAGS=-w -include {TREE / SWITCH.relative_to(ROOT)}")
    configure += [f"-DCHIME_BUILD_{part}=OFF" for part in ("TOOLS", "EXAMPLES", "BENCH")]
    if shutil.which("ninja"):
        configure += ["-G", "Ninja"]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    command = ["cmake", "--build", BUILD, "--parallel", str(jobs), "--target", *suites.TARGETS]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout[-6000:] + "\nthe mutants do not compile")


class Gate:
    def __init__(self, found, hints, reasons, jobs, thorough):
        self.found = found
        self.hints = hints  # key: who killed it before
        self.reasons = reasons
        self.jobs = jobs
        self.thorough = thorough
        self.runner = suites.Runner(BUILD / "bin")
        self.units = []
        self.memory = WORK / "results.json"
        self.state = state_of_tree()
        self.results = {}  # key: who killed it, or None
        if self.memory.exists():
            kept = json.loads(self.memory.read_text())
            self.hints = self.hints | {key: killer for key, killer in kept["results"].items() if killer}
            if kept["state"] == self.state:
                self.results = kept["results"]
                self.units = [suites.Unit(**dict(unit, reaches=frozenset(unit["reaches"]))) for unit in kept["units"]]

    def keep(self):
        units = [dict(vars(unit), reaches=sorted(unit.reaches)) for unit in self.units]
        text = json.dumps({"state": self.state, "results": self.results, "units": units}, indent=1)
        self.memory.with_suffix(".new").write_text(text)
        self.memory.with_suffix(".new").rename(self.memory)

    def measure(self):
        if self.units:
            return
        say("running every test without a mutant")
        units = self.runner.units()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            runs_here = list(pool.map(self.runner.measure, units))
        for unit, runs in zip(units, runs_here):
            if not runs:
                say(f"left out, since it cannot run here: {unit.name}")
        self.units = [unit for unit, runs in zip(units, runs_here) if runs]
        self.keep()

    def candidates(self, mutant):
        """The tests that reach the mutant, the likeliest and cheapest first."""
        # Orders make a difference in models alone: this machine may be stronger, and an order that is computed at run
        # time is the strongest to the compiler.
        fit = [u for u in self.units if mutant.number in u.reaches and (u.is_model or mutant.kind != "order")]
        if mutant.key in self.reasons and not self.thorough:
            fit = [u for u in fit if u.seconds < AT_ONCE]
        hint = self.hints.get(mutant.key, "")

        def rank(unit):
            by_hint = bool(hint) and (hint == unit.name or hint.startswith(unit.name.rstrip("*")))
            # A lost wake is a deadlock to a model, and a matter of waiting elsewhere.
            model_first = unit.is_model and mutant.kind == "wake" and unit.seconds < 5
            return (not by_hint, unit.is_control, not model_first, max(unit.seconds, unit.elapsed))

        return sorted(fit, key=rank)

    def kills(self, unit, mutant):
        """Who killed it; None: nobody."""
        outcome = self.runner.run(unit, mutant.number)
        if outcome.passed or outcome.skipped:
            return None
        culprit = outcome.culprit() or unit.name
        if outcome.timed_out:
            # On a busy machine the test could be slow by itself.
            return culprit + report.HANGS if self.runner.run(unit).passed else None
        if not unit.is_model:
            # A test that depends on time may fail by itself, though hardly twice.
            if self.runner.run(unit, mutant.number, only=culprit if unit.is_gtest else None).passed:
                return None
        return culprit

    def judge(self, mutant):
        if self.results.get(mutant.key):
            return
        killer = None
        for unit in self.candidates(mutant):
            killer = self.kills(unit, mutant)
            if killer:
                break
        self.results[mutant.key] = killer
        lives = "lives for a reason" if mutant.key in self.reasons else "SURVIVED"
        say(f"{killer or lives}: {mutant.key}")
        self.keep()

    def run(self, wanted):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for done in concurrent.futures.as_completed([pool.submit(self.judge, m) for m in wanted]):
                done.result()


def check():
    """What needs no build: every check of misuse has its mutant, every place of the list is there."""
    found = rules.mutants(ROOT)
    for mutant in found:
        if mutant.number >= suites.CAPACITY:
            raise SystemExit("more mutants than mutation.hpp has room for")
    overlooked = list(rules.overlooked(ROOT))
    keys = {mutant.key for mutant in found}
    overlooked += [f"{REASONS.name} speaks of what is no mutant: {key}" for key in report.reasons(REASONS) if key not in keys]
    if overlooked:
        raise SystemExit("\n".join(overlooked))
    return found


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__, formatter_class=form)
    parser.add_argument("--only", metavar="PATTERN", help="only mutants whose line of --list has this regular expression")
    parser.add_argument("--list", action="store_true", help="list the mutants")
    parser.add_argument("--check", action="store_true", help="only look whether every place has its mutant")
    parser.add_argument("--thorough", action="store_true",
                        help="try also the long tests on mutants that have a reason to live (an hour more)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once")
    parser.add_argument("--table", metavar="FILE", type=pathlib.Path, default=ROOT / "docs" / "verification.md",
                        help="where the table stands, between its marks (default: docs/verification.md)")
    given = parser.parse_args()

    found = check()
    wanted = [m for m in found if re.search(given.only or "", f"{m.kind} {m.key}")]
    if given.list:
        for mutant in wanted:
            say(f"{mutant.kind:10} {mutant.key}")
    if given.list or given.check:
        return 0
    if not given.only:
        report.around_table(given.table)  # before the work, not after it
    make_tree(found)
    build(given.jobs)
    reasons = report.reasons(REASONS)
    gate = Gate(found, report.hints(given.table), reasons, given.jobs, given.thorough)
    gate.measure()
    gate.run(wanted)
    wrong = report.wrong(wanted, gate.results, reasons)
    if not given.only:
        report.write(given.table, found, gate.results, reasons)
    say(report.summary(wanted, gate.results, reasons))
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
