#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the instructions, and the locked ones among them, that a program executes for each of its cycles.

    count_instructions.py VARIABLE PROGRAM [ARGUMENT]...

Runs the program twice under callgrind, with VARIABLE in its environment set to two numbers of cycles; the difference
leaves out what the program does once. Prints {"instructions": N, "locked": N}, each for one cycle.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FEW, MANY = 2_000, 12_000
# An exchange with memory locks without the prefix.
LOCKED = re.compile(r"\block\b|\bxchg\b.*\(")
COST_LINE = re.compile(r"(0x[0-9a-f]+) \S+ (\d+)")
CODE_LINE = re.compile(r"\s*([0-9a-f]+):\t(.*)")


def run(words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def profile(program, variable, cycles, folder):
    """How often each instruction was executed: {(file, address): times}."""
    out = pathlib.Path(folder) / f"callgrind.{cycles}"
    run(["valgrind", "--tool=callgrind", "--dump-instr=yes", "--compress-strings=no", "--compress-pos=no",
         "--dump-line=yes", f"--callgrind-out-file={out}", *program], env={**os.environ, variable: str(cycles)})
    times = collections.Counter()
    code_file = None
    is_cost_of_call = False
    for line in out.read_text().splitlines():
        if line.startswith("ob="):
            code_file = line.removeprefix("ob=")
        elif line.startswith("calls="):
            is_cost_of_call = True  # the next line: what the callee costs, which is counted there
        elif cost := COST_LINE.fullmatch(line):
            if not is_cost_of_call:
                times[code_file, int(cost[1], 16)] += int(cost[2])
            is_cost_of_call = False
    return times


def locked_addresses(code_file, addresses):
    """Those of the addresses at which a locked instruction lies."""
    code = run(["objdump", "--disassemble", "--no-show-raw-insn", f"--start-address={min(addresses)}",
                f"--stop-address={max(addresses) + 16}", code_file])
    found = (CODE_LINE.match(line) for line in code.splitlines())
    instructions = {int(line[1], 16): line[2] for line in found if line}
    missing = [address for address in addresses if address not in instructions]
    if missing:
        sys.exit(f"{code_file}: no instruction at {', '.join(map(hex, missing))}")
    return {address for address in addresses if LOCKED.search(instructions[address])}


def main():
    variable, program = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="chime-bench-") as folder:
        few = profile(program, variable, FEW, folder)
        many = profile(program, variable, MANY, folder)
    more = {place: (count - few[place]) / (MANY - FEW) for place, count in many.items() if count != few[place]}
    # What is executed once in thousands of cycles is chance: another path through start-up.
    addresses = collections.defaultdict(list)
    for (code_file, address), each_cycle in more.items():
        if each_cycle > 0.001:
            addresses[code_file].append(address)
    locked = sum(more[code_file, address] for code_file, found in addresses.items()
                 for address in locked_addresses(code_file, found))
    print(json.dumps({"instructions": round(sum(more.values()), 2), "locked": round(locked, 3)}))


main()
