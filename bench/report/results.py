# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What chime-bench --json wrote, in the shape in which tables and plots want it."""

import json
import re

PLACEMENTS = ["one", "siblings", "near", "far"]
CHIME = ("chime", "chime-cache", "chime-native")


def load(file):
    with open(file, encoding="utf-8") as source:
        results = json.load(source)
    for row in results["rows"]:
        row["group"], _, row["metric"] = row["case"].partition(":")
    return results


def groups(results):
    """The cases in the order of their names, each with its rows of all metrics, subjects and placements."""
    found = {}
    for row in results["rows"]:
        found.setdefault(row["group"], []).append(row)
    return found


def in_order(values, known=()):
    """Each value once: those known in their order, the others in the order in which they come."""
    seen = list(dict.fromkeys(values))
    return [value for value in known if value in seen] + [value for value in seen if value not in known]


def placements_of(rows):
    return in_order((row["placement"] for row in rows), PLACEMENTS)


def by_number(name):
    """So that 64 comes before 1024."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def metrics_of(rows):
    return in_order(sorted({row["metric"] for row in rows}, key=by_number), ["p50", "p90", "p99"])


def more_is_better(unit):
    return unit.endswith("/s")


def number(value):
    """Three digits are what these figures are worth."""
    if value is None:
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def machine_line(results):
    machine = results["machine"]
    return (f"{machine['cpu']}, {machine['cores']} processors, {machine['memory_gib']:.1f} GiB; {results['kernel']}; "
            f"{results['compiler']}, {results['flags']}; commit {results['commit']}; {results['date']}"
            + ("; a quick run" if results["quick"] else ""))
