# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""navigation.txt, as sections of pages that have pages."""
import dataclasses
import fnmatch


@dataclasses.dataclass
class Node:
    name: str  # a section's title, or a page's path
    children: list = dataclasses.field(default_factory=list)


class Navigation:
    """`pages`: the paths of all that there are."""

    def __init__(self, path, pages):
        self.path = path
        lines = [line.rstrip() for line in path.read_text().splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        self.unlisted = set(pages) - {line.strip() for line in lines}
        self.all = set(pages)
        self.sections = self.children(lines, 0)
        if self.unlisted:
            raise SystemExit(f"{path}: no line is for {', '.join(sorted(self.unlisted))}")

    def children(self, lines, depth):
        """Takes the lines of this depth, and what belongs to them, from the front."""
        found = []
        while lines and indent_of(lines[0]) >= depth:
            line = lines.pop(0)
            nodes = [Node(line.strip())] if depth == 0 else [Node(page) for page in self.pages_of(line.strip())]
            below = self.children(lines, indent_of(lines[0])) if lines and indent_of(lines[0]) > depth else []
            if below:
                if not nodes:
                    raise SystemExit(f"{self.path}: {line.strip()} is no page, but pages belong to it")
                nodes[-1].children = below
            found += nodes
        return found

    def pages_of(self, line):
        if "*" not in line:
            if line not in self.all:
                raise SystemExit(f"{self.path}: there is no page {line}")
            return [line]
        # A star is within one folder.
        matching = [p for p in sorted(self.unlisted) if fnmatch.fnmatch(p, line) and p.count("/") == line.count("/")]
        self.unlisted -= set(matching)
        return matching


def indent_of(line):
    return len(line) - len(line.lstrip())
