# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of the report, as lists of lines of cells, and how these are written in HTML and in Markdown."""

import html

from results import CHIME, more_is_better, number


class Table:
    """Cells are text. Columns in `numbers` are set flush right. `marks` gives a line its class in HTML."""

    def __init__(self, head, numbers, lines, marks=None):
        self.head, self.numbers, self.lines = head, numbers, lines
        self.marks = marks or [""] * len(lines)

    def html(self):
        def cells(tag, line):
            return "".join(f'<{tag}{" class=number" if place in self.numbers else ""}>{html.escape(cell)}</{tag}>'
                           for place, cell in enumerate(line))
        body = "\n".join(f'<tr class="{mark}">{cells("td", line)}</tr>' for mark, line in zip(self.marks, self.lines))
        return f'<div class=wide><table>\n<thead><tr>{cells("th", self.head)}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'

    def markdown(self):
        rule = ["---:" if place in self.numbers else "---" for place in range(len(self.head))]
        lines = [self.head, rule] + [[cell.replace("|", "\\|") for cell in line] for line in self.lines]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def word_of(bar):
    if bar["placement"] is None:
        return "not measured"
    return "met" if bar["met"] else "not met"


def what_of(bar):
    others = bar["compared_with"]
    return bar["bar"] + (f" (it is {others})" if others and "best of" in bar["bar"] else "")


def bars(results):
    lines = [[word_of(bar), bar["case"], bar["placement"] or "–", number(bar["value"]), number(bar["limit"]), what_of(bar)]
             for bar in results["bars"]]
    marks = [word_of(bar).replace(" ", "-") for bar in results["bars"]]
    return Table(["", "case", "placement", "value", "limit", "bar"], {3, 4}, lines, marks)


def rows(some):
    """The best first within each metric and placement."""
    def rank(row):
        return (row["case"], row["placement"], -row["median"] if more_is_better(row["unit"]) else row["median"])
    ordered = sorted(some, key=rank)
    lines = [[row["case"], row["subject"], row["placement"], number(row["median"]), number(row["low"]),
              number(row["high"]), row["unit"], str(row["runs"])] for row in ordered]
    marks = ["chime" if row["subject"] in CHIME else "" for row in ordered]
    return Table(["case", "subject", "placement", "median", "low quartile", "high quartile", "unit", "runs"],
                 {3, 4, 5, 7}, lines, marks)


def ratios(results):
    lines = []
    for ratio in results["ratios"]:
        quotients = [ratio["median"], ratio["low"], ratio["high"]]
        if not ratio["more_is_better"]:  # then less is, and the quartiles change places
            if 0 in quotients:
                continue
            quotients = [1 / ratio["median"], 1 / ratio["high"], 1 / ratio["low"]]
        lines.append([ratio["case"], ratio["subject"], ratio["rival"], ratio["placement"], *map(number, quotients),
                      str(ratio["runs"]) if ratio["paired"] else "–"])
    return Table(["case", "subject", "than", "placement", "times better", "low quartile", "high quartile", "paired rounds"],
                 {4, 5, 6, 7}, lines)
