# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is done with each kind of block. A check that fails raises Failure, with the line of the page to blame."""

import difflib
import os
import pathlib
import re
import shlex
import shutil
import subprocess

SURROUNDINGS = pathlib.Path(__file__).resolve().parent / "surroundings"
HERE = re.compile(r"^[ \t]*(?://|#) HERE\n", re.M)
AT_MOST = 60  # seconds, for a program of a page
# Of a fragment, which shows a part of something, nobody expects that it uses all that it names.
FRAGMENT_FLAGS = ["-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unused-parameter", "-Wno-unused-function",
                  "-Wno-shadow"]
# Libraries, told by what is included: for pkg-config a name, for those that are headers alone their flags.
COROUTINES = ["HAS_CO_AWAIT", "HAS_STD_COROUTINE"]
LIBRARIES = [
    (r"uv\.h|chime/uv\.h(?:pp)?", "libuv", []),
    (r"liburing\.h", "liburing", []),
    (r"event2/.*", "libevent_core", []),
    (r"glib\.h", "glib-2.0", []),
    (r"infiniband/.*", "libibverbs", []),
    (r"asio\.hpp|asio/.*|chime/asio\.hpp", None, ["-DASIO_STANDALONE"] + ["-DASIO_" + name for name in COROUTINES]),
    (r"boost/.*|chime/boost_asio\.hpp", None, ["-DBOOST_ASIO_" + name for name in COROUTINES]),
]


class Failure(Exception):
    def __init__(self, line, what):
        super().__init__(what)
        self.line = line


class Skipped(Exception):
    """This machine has not what the block needs."""


def run(command, line, **options):
    """Runs it, and returns what it printed on stdout."""
    try:
        got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", check=False,
                             **options)
    except subprocess.TimeoutExpired as late:
        raise Failure(line, str(late)) from late
    if got.returncode != 0:
        raise Failure(line, f"{shlex.join(map(str, command))}\nended with {got.returncode}\n{got.stdout}{got.stderr}")
    return got.stdout


def compare(expected, got, line):
    if expected != got:
        difference = difflib.unified_diff(expected.splitlines(True), got.splitlines(True), "the page", "the truth")
        raise Failure(line, "".join(text if text.endswith("\n") else text + "\n" for text in difference))


def library_flags(source):
    """(for the compiler, for the linker), by what the source includes."""
    compile_flags, link_flags = [], []
    included = re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', source, re.M)
    for pattern, name, flags in LIBRARIES:
        if not any(re.fullmatch(pattern, file) for file in included):
            continue
        compile_flags += flags
        if name is not None:
            found = subprocess.run(["pkg-config", "--exists", name], check=False)
            if found.returncode != 0:
                raise Skipped(f"{name} is not installed")
            compile_flags += shlex.split(subprocess.check_output(["pkg-config", "--cflags", name], text=True))
            link_flags += shlex.split(subprocess.check_output(["pkg-config", "--libs", name], text=True))
    return compile_flags, link_flags


class Checks:
    """Of one page; `settings` is what CMake knows of the build."""

    def __init__(self, settings, page, work):
        self.settings = settings
        self.root = pathlib.Path(settings["source"])
        self.page = page
        self.work = work

    def check(self, blocks, block):
        """Of one block; of a project's, all blocks of the page's projects, in order."""
        if block.error:
            raise Failure(block.line, block.error)
        if block.is_of_project:
            Projects(self).play([b for b in blocks if b.is_of_project])
        if block.kind == "same as":
            self.same_as(block)
        if block.kind == "in":
            (self.cmake_fragment if block.language == "cmake" else self.fragment)(block)
        elif block.is_program and (block.kind != "same as" or block.printed):
            self.program(block)
        elif block.language == "sh":
            run(["bash", "-n", "-c", block.text], block.line)

    def same_as(self, block):
        file = self.root / block.argument
        if not file.is_file():
            raise Failure(block.line, f"there is no file {block.argument}")
        compare(block.text, file.read_text().split("\n", 1)[1], block.line)

    def program(self, block):
        flags, libraries = library_flags(block.text)
        made = self.compile(block, f'#line {block.line + 1} "{self.page}"\n{block.text}', flags)
        program = self.work / "program"
        library = self.settings["library"]
        run([self.settings["cxx"], made, "-o", program, library, "-Wl,-rpath," + os.path.dirname(library), *libraries],
            block.line)
        if block.printed:
            compare(block.printed.text, run([program], block.line, timeout=AT_MOST), block.printed.line)

    def fragment(self, block):
        around = self.surroundings(block, block.language)
        begin, end = HERE.search(around).span()
        line_after = around.count("\n", 0, end) + 1
        source = (f'{around[:begin]}#line {block.line + 1} "{self.page}"\n{block.text}'
                  f'#line {line_after} "surroundings/{block.argument}.{block.language}"\n{around[end:]}')
        self.compile(block, source, library_flags(source)[0] + FRAGMENT_FLAGS)

    def cmake_fragment(self, block):
        around = self.surroundings(block, "cmake")
        self.work.joinpath("CMakeLists.txt").write_text(HERE.sub(lambda _: block.text, around))
        self.work.joinpath("main.cpp").write_text("int main() {}\n")
        self.work.joinpath("chime").symlink_to(self.root)
        run([self.settings["cmake"], "-S", self.work, "-B", self.work / "build"], block.line, env=self.environment())

    def surroundings(self, block, suffix):
        file = SURROUNDINGS / f"{block.argument}.{suffix}"
        if not file.is_file():
            raise Failure(block.line, f"there is no tests/docs/surroundings/{file.name}")
        around = file.read_text()
        if len(HERE.findall(around)) != 1:
            raise Failure(block.line, f"{file} has not exactly one line \"HERE\"")
        return around

    def compile(self, block, source, flags):
        cxx = block.language == "cpp"
        file = self.work / f"block.{block.language}"
        file.write_text(source)
        compiler = shlex.split(self.settings["launcher"]) + [self.settings["cxx" if cxx else "c"]]
        project_flags = shlex.split(self.settings["cxx_flags" if cxx else "c_flags"])
        made = file.with_suffix(".o")
        run([*compiler, "-std=c++23" if cxx else "-std=gnu11", *project_flags, "-Wall", "-Wextra", "-Werror", "-I",
             self.root / "include", *flags, "-c", file, "-o", made], block.line)
        return made

    def environment(self, **more):
        """Of a user who has chime installed, and the same compiler as the project's build."""
        own = {"CC": self.settings["c"], "CXX": self.settings["cxx"], "CMAKE_GENERATOR": self.settings["generator"],
               "CMAKE_PREFIX_PATH": self.settings["prefix"], "CFLAGS": "-Wall -Wextra -Werror",
               "CXXFLAGS": "-Wall -Wextra -Werror"}
        return {**os.environ, **own, **more}


class Projects:
    """The projects of a page, in a home folder of their own, built and run in the order in which the page tells it."""

    def __init__(self, checks):
        self.checks = checks
        self.settings = checks.settings
        self.home = checks.work / "home"

    def play(self, blocks):
        clone = self.home / "chime" / "build"
        clone.mkdir(parents=True)
        clone.joinpath("lean").symlink_to(self.settings["binary"])
        by_hand = {block.project for block in blocks if block.kind == "run"}  # the page says how to build them
        changed = {}
        for block in blocks:
            if block.error:
                raise Failure(block.line, block.error)
            if block.kind == "file":
                self.write(block)
                if block.project not in by_hand:
                    changed[block.project] = block.line
            elif block.kind == "run":
                self.run_commands(block)
            elif block.argument:
                if changed.pop(block.project, None):
                    self.build(block.project, block.line)
                self.run_program(block)
        for project, line in changed.items():
            self.build(project, line)

    def write(self, block):
        file = self.home / block.project / block.path
        if self.home not in file.resolve().parents:
            raise Failure(block.line, f"{block.argument} lies outside of the project")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text)

    def run_commands(self, block):
        environment = self.checks.environment(HOME=str(self.home))
        del environment["CMAKE_PREFIX_PATH"]  # the page says where chime is
        folder = self.home / block.project
        folder.mkdir(parents=True, exist_ok=True)
        got = run(["bash", "-euo", "pipefail", "-c", block.text], block.line, cwd=folder, env=environment)
        if block.printed:
            compare(block.printed.text, got, block.printed.line)

    def build(self, project, line):
        folder = self.home / project
        cmake = self.settings["cmake"]
        run([cmake, "-S", folder, "-B", folder / "build"], line, env=self.checks.environment())
        run([cmake, "--build", folder / "build"], line, env=self.checks.environment())

    def run_program(self, block):
        program = self.home / block.project / "build" / block.path
        if not program.is_file():
            raise Failure(block.line, f"the build of {block.project} made no program {block.path}")
        compare(block.text, run([program], block.line, cwd=program.parent, timeout=AT_MOST), block.line)


def empty_folder(path):
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    return path
