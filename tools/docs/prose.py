# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What Doxygen understood of a comment, as reStructuredText. Names of the interface in it become links."""
import re

NAME = re.compile(r"(?<![\w:./-])(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*(?:\(\))?(?!\w|::|\.(?:h|hpp|md)\b)")
ERRNO = re.compile(r"(?<!\w)-?E(?:2BIG|[A-Z]{3,})\b")
EDGE = "\0"  # where markup begins or ends: reStructuredText wants an escaped blank there, which is nothing
SPECIAL = re.compile(r"([\\`*_|<>])")


class Prose:
    """`link(name)`: the role that links to this name, with braces where its text goes, or None."""

    def __init__(self, link):
        self.find = link
        self.others = ()  # names that mean something else here, such as those of a function's parameters

    def link(self, name):
        return None if name in self.others else self.find(name)

    def of(self, *descriptions):
        """The paragraphs of these elements, as lines."""
        lines = []
        for description in descriptions:
            if description is not None:
                lines += self.blocks(description)
        return lines

    def of_text(self, text):
        """A paragraph of plain words, as lines."""
        self.others = ()
        return [self.text(text).replace(EDGE, "\\ "), ""] if text else []

    def blocks(self, element):
        lines, words = [], []

        def end_paragraph():
            text = re.sub(r"\s+", " ", "".join(words)).strip().replace(EDGE, "\\ ")
            words.clear()
            if text:
                lines.extend([text, ""])

        def add(node):
            words.append(self.text(node.text))
            for child in node:
                if child.tag == "para":
                    end_paragraph()
                    add(child)
                    end_paragraph()
                elif child.tag in ("itemizedlist", "orderedlist"):
                    end_paragraph()
                    lines.extend(self.items(child))
                elif child.tag in ("verbatim", "programlisting"):
                    end_paragraph()
                    lines.extend(code_block(child))
                else:
                    words.append(self.inline(child))
                words.append(self.text(child.tail))

        add(element)
        end_paragraph()
        return lines

    def items(self, listing):
        lines = []
        for item in listing:
            inner = self.blocks(item)
            lines += ["- " + inner[0]] + indented(inner[1:], "  ")
        return lines + [""]

    def inline(self, node):
        content = "".join(node.itertext())
        if node.tag == "computeroutput":
            return self.code(content)
        if node.tag == "bold":
            return f"{EDGE}**{escaped(content.strip())}**{EDGE}"
        if node.tag in ("ref", "ulink"):
            return self.text(content)
        if node.tag in ("ndash", "mdash"):
            return "-"
        raise ValueError(f"Doxygen says <{node.tag}>, which tools/docs/prose.py does not know: {content}")

    def code(self, content):
        link = self.link(content.removesuffix("()"))
        if link:
            return EDGE + link.format(content) + EDGE
        return f"{EDGE}``{content}``{EDGE}" if content.strip() == content and content else content

    def text(self, content):
        """Plain words. Names that say by their form that they are names, and errors, are code."""
        if not content:
            return ""
        pieces, end = [], 0
        for found in sorted([*NAME.finditer(content), *ERRNO.finditer(content)], key=lambda m: m.start()):
            word = found.group()
            is_name = ("_" in word or "::" in word or "()" in word) and self.link(word.removesuffix("()"))
            if found.start() < end or not (is_name or ERRNO.fullmatch(word)):
                continue
            pieces += [escaped(content[end:found.start()]), self.code(word)]
            end = found.end()
        return "".join(pieces) + escaped(content[end:])


def escaped(text):
    return SPECIAL.sub(r"\\\1", text)


def indented(lines, by):
    return [by + line if line else "" for line in lines]


def code_block(element):
    lines = "".join(element.itertext()).rstrip("\n").split("\n")
    return [".. code-block:: cpp", "", *indented(lines, "   "), ""]
