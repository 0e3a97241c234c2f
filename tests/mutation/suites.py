# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tests that try to kill mutants, as units that are run by one process each."""

import dataclasses
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time

import rules

MODELS = "chime_model_tests"
GTESTS = [MODELS, "chime_unit_tests", "chime_conformance_tests", "chime_coro_tests", "chime_hardship_tests", "chime_c_misuse_tests"]
C_TEST = "chime_c_api_test"
C_BACKENDS = ["io_uring", "io_uring:no-defer", "io_uring:plain-read", "io_uring:linked-read", "epoll", "poll"]
TARGETS = GTESTS + [C_TEST]
CAPACITY = 4096  # of mutation.hpp


@dataclasses.dataclass
class Unit:
    name: str
    program: str
    arguments: list
    seconds: float = 0  # of processor time, without a mutant
    elapsed: float = 0
    reaches: frozenset = frozenset()  # mutants
    is_control: bool = False  # expects a failure that was put into the test

    @property
    def is_model(self):
        return self.program == MODELS

    @property
    def is_gtest(self):
        return self.program != C_TEST


@dataclasses.dataclass
class Outcome:
    passed: bool
    skipped: bool
    timed_out: bool
    text: str
    seconds: float
    elapsed: float

    def culprit(self):
        """The test that failed, or was under way when the process ended. None: the text does not say."""
        failed = re.findall(r"\[  FAILED  \] ([\w./:-]+)", self.text)
        begun = re.findall(r"\[ RUN      \] ([\w./:-]+)", self.text)
        if failed and not self.timed_out:
            return failed[0]
        if begun:
            return begun[-1]
        part = re.search(r"^(\S+) +(\w+) +FAILED$", self.text, re.M)
        return f"c_api {part.group(1)} {part.group(2)}" if part else None


class Runner:
    def __init__(self, directory):
        self.directory = directory  # of the programs

    def run(self, unit, mutant=0, only=None, reached=None):
        arguments = [f"--gtest_filter={only}"] + unit.arguments[1:] if only else unit.arguments
        environment = dict(os.environ, CHIME_MUTANT=str(mutant))
        if reached:
            environment["CHIME_REACHED"] = reached
        # Models use the processor all the time, so its time tells a hang from a busy machine. Others sleep.
        most_seconds = int(3 * unit.seconds + 20) if unit.seconds else 600
        most_elapsed = 10 * unit.elapsed + 20 if unit.elapsed else 1200

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 5))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        with tempfile.TemporaryFile() as output:
            begin = time.monotonic()
            process = subprocess.Popen(
                [os.path.join(self.directory, unit.program)] + arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                preexec_fn=limit,
                start_new_session=True,
            )
            late = threading.Event()

            def end():
                late.set()
                os.killpg(process.pid, signal.SIGKILL)

            timer = threading.Timer(most_elapsed, end)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            try:
                os.killpg(process.pid, signal.SIGKILL)  # children that a failed test has left
            except ProcessLookupError:
                pass
            elapsed = time.monotonic() - begin
            output.seek(0)
            text = output.read().decode(errors="replace")
        timed_out = late.is_set() or process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
        return Outcome(
            passed=process.returncode == 0,
            skipped=process.returncode == 77,
            timed_out=timed_out,
            text=text,
            seconds=usage.ru_utime + usage.ru_stime,
            elapsed=elapsed,
        )

    def units(self):
        found = []
        for program in GTESTS:
            listing = subprocess.run(
                [os.path.join(self.directory, program), "--gtest_list_tests"], check=True, capture_output=True, text=True
            ).stdout
            suite = ""
            for line in listing.splitlines():
                name = line.split("#")[0].strip()
                if not line.startswith(" "):
                    suite = name
                    if program != MODELS and suite.endswith("."):
                        found.append(Unit(f"{suite}*", program, [f"--gtest_filter={suite}*", "--gtest_fail_fast"]))
                elif program == MODELS:
                    found.append(Unit(suite + name, program, [f"--gtest_filter={suite}{name}"]))
        found += [Unit(f"c_api {backend}", C_TEST, [backend]) for backend in C_BACKENDS]
        return found

    def measure(self, unit):
        """Runs it without a mutant, to see how long that takes and which mutants it reaches. False: it cannot run here."""
        for attempt in range(3):
            with tempfile.NamedTemporaryFile() as reached:
                reached.truncate(CAPACITY)
                outcome = self.run(unit, reached=reached.name)
                if outcome.skipped:
                    return False
                if outcome.passed:
                    unit.reaches = frozenset(n for n, byte in enumerate(reached.read()) if byte)
                    unit.seconds, unit.elapsed = outcome.seconds, outcome.elapsed
                    unit.is_control = "verdict=fails" in outcome.text
                    return True
        raise SystemExit(f"{unit.name} fails without a mutant:\n{outcome.text[-3000:]}")
