# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A source file of the product, as far as mutants need it understood: what is code, which condition guards what, and
which function it is in. No parser of C++: it knows this project's formatting."""

import re


def without_comments_and_texts(text):
    """The same length, with blanks in place of comments, strings and characters."""
    pattern = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])'"
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


class Source:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.code = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m.group()), without_comments_and_texts(text), flags=re.M)
        self._ifs = None

    def end_of_brackets(self, opening):
        """Behind the bracket that closes the one at `opening`."""
        depth = 0
        for position in range(opening, len(self.code)):
            if self.code[position] in "([{":
                depth += 1
            elif self.code[position] in ")]}":
                depth -= 1
                if depth == 0:
                    return position + 1
        raise ValueError(f"{self.path}:{self.line(opening)}: a bracket is not closed")

    def end_of_statement(self, begin):
        position = begin
        while self.code[position] != ";":
            if self.code[position] in "([{":
                block = self.code[position] == "{" and position == begin
                position = self.end_of_brackets(position)
                if block:
                    return position
            else:
                position += 1
        return position + 1

    def ifs(self):
        """(begin, end) of each condition and of the statement that it guards."""
        if self._ifs is None:
            self._ifs = []
            for match in re.finditer(r"\bif \(", self.code):
                end = self.end_of_brackets(match.end() - 1)
                rest = re.compile(r"\s*(?:\[\[\w+\]\]\s*)?").match(self.code, end)
                self._ifs.append(((match.end(), end - 1), (rest.end(), self.end_of_statement(rest.end()))))
        return self._ifs

    def guard_of(self, position):
        """The condition of the innermost `if` that decides whether this is reached; None: there is none."""
        around = [condition for condition, statement in self.ifs() if statement[0] <= position < statement[1]]
        return max(around, default=None)

    def operands(self, begin, end, operator):
        """The parts of an expression between this operator, brackets kept together."""
        parts, depth, start, position = [], 0, begin, begin
        while position < end:
            if self.code[position] in "([{":
                depth += 1
            elif self.code[position] in ")]}":
                depth -= 1
            elif depth == 0 and self.code.startswith(operator, position):
                parts.append((start, position))
                position += len(operator)
                start = position
                continue
            position += 1
        parts.append((start, end))
        return [self.trimmed(*part) for part in parts]

    def trimmed(self, begin, end):
        while self.code[begin].isspace():
            begin += 1
        while self.code[end - 1].isspace():
            end -= 1
        return begin, end

    def line(self, position):
        return self.text.count("\n", 0, position) + 1

    def function_at(self, position):
        """The name of the function around this place, with its class."""
        lines = self.code[: self.code.find("\n", position)].split("\n")
        member = None
        for line in reversed(lines):
            text = line.strip()
            indentation = len(line) - len(line.lstrip())
            if not text or text.startswith(("}", "public:", "private:", "template")) or indentation not in (0, 2):
                continue
            name = re.search(r"([\w~]+(?:::[\w~]+)*)\(", re.sub(r"alignas\([^)]*\)", "", text))
            if indentation == 0:
                scope = re.match(r"(?:class|struct)\s+(?:alignas\(.*?\)\s+)?(\w+)", text)
                if scope:
                    return f"{scope.group(1)}::{member or '?'}"
                return name.group(1) if name else "?"
            if member is None and name and not re.match(r"(if|for|while|switch|return|case|do|else)\b", text):
                member = name.group(1)
        return "?"
