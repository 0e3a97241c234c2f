# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which mutants there are: found in the sources by these rules, and by the list of places.py.

A mutant puts something around a span of the code that asks at run time whether it is on (mutation.hpp):
- an order, or an expression, that becomes another one;
- a condition that is computed as before, and then never, or always, holds."""

import dataclasses
import pathlib
import re

import places
from source import Source

WEAKER = {
    "seq_cst": ["acq_rel"],
    "acq_rel": ["acquire", "release"],
    "acquire": ["relaxed"],
    "release": ["relaxed"],
    "consume": ["relaxed"],
    "relaxed": [],
}
FOLDERS = ["src", "include"]


@dataclasses.dataclass
class Mutant:
    kind: str  # order, wake, generation, misuse
    path: str
    begin: int
    end: int
    before: str  # what is put around the span, {on} for the question whether it is on
    after: str
    function: str
    change: str  # for people
    line: int = 0
    number: int = 0
    key: str = ""


def becomes(other):
    return "({on} ? (" + other + ") : (", "))"


NEVER = "((", ") && !{on})"
ALWAYS = "((", ") || {on})"


class Finder:
    def __init__(self, source):
        self.source = source
        self.found = []

    def add(self, kind, begin, end, how, change):
        self.found.append(
            Mutant(kind, self.source.path, begin, end, *how, self.source.function_at(begin), change, self.source.line(begin))
        )

    def text(self, begin, end):
        return re.sub(r"\s+", " ", self.source.text[begin:end])

    def orders(self):
        """Every order that is stronger than relaxed, weakened by one step."""
        for match in re.finditer(r"std::memory_order(?:_|::)(\w+)", self.source.code):
            for weaker in WEAKER[match.group(1)]:
                where = self.operation_around(match.start())
                how = becomes("std::memory_order_" + weaker)
                self.add("order", *match.span(), how, f"{where}: {match.group(1)} → {weaker}")

    def operation_around(self, position):
        """The call that an order is given to, with what tells it from others of its function."""
        code, depth, commas = self.source.code, 0, 0
        while depth <= 0 and position > 0:
            position -= 1
            if code[position] in ")}]":
                depth -= 1
            elif code[position] in "([{":
                depth += 1
            elif code[position] == "," and depth == 0:
                commas += 1
        name = re.search(r"[\w:]+(?:(?:\.|->)\w+|\[[^\]]*\]|\(\))*$", code[:position]).group()
        what = self.text(position, self.source.end_of_brackets(position))
        what = re.sub(r",? ?std::memory_order(_|::)\w+", "", what)
        if "compare_exchange" not in name:
            return name + what if len(what) < 60 else name
        return name + (", success" if commas == 2 else ", failure")

    def conditions(self):
        """Every check of misuse: by a loud stop, by a fault, or by an errno of the C interface. Each operand of an `||`
        is a check of its own."""
        seen = set()
        fault = r"\breturn (?:std::unexpected\()?(?:as_result\()?make_error_code\(fault::\w+"
        errno = r"\breturn -E(?!AGAIN|NOMEM)[A-Z]\w+;"  # those two are failures, not misuse
        sites = rf"\bmisuse\(|\brefuse_release\(|{fault}|{errno}"
        for match in re.finditer(sites, self.source.code):
            if re.search(r"\bvoid (?:\w+::)*$", self.source.code[: match.start()]):
                continue  # where it is defined
            guard = self.source.guard_of(match.start())
            if guard is None:
                continue  # in places.py, or overlooked() tells
            guard = self.source.operands(*guard, ";")[-1]
            for begin, end in self.source.operands(*guard, "||"):
                if (begin, end) in seen:
                    continue
                seen.add((begin, end))
                self.add("misuse", begin, end, NEVER, f"never: {self.text(begin, end)}")

    def wakes(self):
        """Every statement that wakes somebody, or pays for having done so."""
        names = "post|wake|pay|ring|settle|unblock"
        for match in re.finditer(rf"(?<=[;{{}}):\s])(?:[\w.]+(?:\([^()]*\))?(?:->|\.|::))*(?:{names})\(", self.source.code):
            begin = match.start()
            before = self.source.code[:begin].rstrip()
            if before[-1:] not in list(";{}):"):
                continue  # no statement: a declaration, or a part of an expression
            end = self.source.end_of_brackets(match.end() - 1)
            if self.source.code[end] == ";":
                self.add("wake", begin, end, becomes("void()"), f"drop: {self.text(begin, end)}")

    def generations(self):
        """Every compare of a generation has the outcome "it is the same"."""
        compare = r"(?:[\w.]|\(\))*\bgeneration\(\) (?:[!=]=) \w+"
        for match in re.finditer(compare + r"|[\w.>-]+is_over\([\w]+\)", self.source.code):
            how = ALWAYS if "==" in match.group() else NEVER
            self.add("generation", *match.span(), how, f"{'always' if how is ALWAYS else 'never'}: {self.text(*match.span())}")

    def listed(self):
        for kind, path, function, what, how, other in places.PLACES:
            if path != self.source.path:
                continue
            before, span, after = re.match(r"(.*)«(.*)»(.*)", what).groups()
            flexible = [r"\s+".join(re.escape(word) for word in part.split(" ")) for part in (before, span, after)]
            found = [
                match
                for match in re.finditer("{}({}){}".format(*flexible), self.source.text)
                if self.source.function_at(match.start(1)) == function
            ]
            if len(found) != 1:
                raise SystemExit(f"{path}: {len(found)} places like {what!r} in {function}(); correct tests/mutation/places.py")
            begin, end = found[0].span(1)
            text = self.text(begin, end)
            change = {"never": f"never: {text}", "always": f"always: {text}"}.get(how, f"{text} → {other or 'nothing'}")
            self.add(kind, begin, end, {"never": NEVER, "always": ALWAYS}.get(how) or becomes(other or "void()"), change)

    def all(self):
        self.orders()
        self.conditions()
        self.wakes()
        self.generations()
        self.listed()
        return self.found


def sources(root):
    for folder in FOLDERS:
        for path in sorted((pathlib.Path(root) / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                yield Source(str(path.relative_to(root)), path.read_text())


def mutants(root):
    """All of them, numbered. The key of one stays the same as long as its function and its code do."""
    found = []
    for source in sources(root):
        found += sorted(Finder(source).all(), key=lambda m: (m.begin, m.end))
    missing = {place[1] for place in places.PLACES} - {m.path for m in found}
    if missing:
        raise SystemExit(f"tests/mutation/places.py names files that are not there: {' '.join(sorted(missing))}")
    seen = {}
    for number, mutant in enumerate(found, 1):
        mutant.number = number
        key = f"{mutant.path} {mutant.function}: {mutant.change}"
        seen[key] = seen.get(key, 0) + 1
        mutant.key = key if seen[key] == 1 else f"{key} ({seen[key]})"
    return found


def overlooked(root):
    """Checks of misuse that no mutant switches off, and that places.py does not excuse."""
    sites = r"\bmisuse\(|\brefuse_release\(|make_error_code\(fault::\w+|\? -E(?:INVAL|BADF)\b"
    for source in sources(root):
        checks = [m for m in Finder(source).all() if m.kind in ("misuse", "generation")]
        for match in re.finditer(sites, source.code):
            position = match.start()
            if re.search(r"\bvoid (?:\w+::)*$", source.code[:position]):
                continue  # where it is declared
            begin = max(source.code.rfind(mark, 0, position) for mark in ";{}")
            spans = [(begin, source.end_of_statement(position))]
            if guard := source.guard_of(position):
                spans.append(guard)
            if any(begin <= m.begin and m.end <= end for begin, end in spans for m in checks):
                continue
            if (source.path, source.function_at(position)) not in places.NO_CHECKS:
                yield f"{source.path}:{source.line(position)}: no mutant switches this check off: {match.group()}"


def mutated(source_text, found):
    """The text of a file with all of its mutants in it."""
    inserted = []  # (position, 0 behind a span or 1 before it, nearer to the text first, text)
    for mutant in found:
        on = f"::chime_mutation::on({mutant.number})"
        length = mutant.end - mutant.begin
        inserted.append((mutant.begin, 1, (-length, mutant.number), mutant.before.replace("{on}", on)))
        inserted.append((mutant.end, 0, (length, -mutant.number), mutant.after.replace("{on}", on)))
    result, done = [], 0
    for position, _, _, text in sorted(inserted):
        result += [source_text[done:position], text]
        done = position
    return "".join(result + [source_text[done:]])
