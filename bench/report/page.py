#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a page, or the tables and plots of docs/benchmarks.md, from what chime-bench --json wrote."""

import argparse
import html
import pathlib

import plots
import tables
from results import groups, load, machine_line

STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #68737d; --ground: #fdfdfc; --line: #e3e5e7; --good: #2b8a3e;
        --bad: #c92a2a; --chime: #d9480f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dde2e6; --soft: #98a2ab; --ground: #16191c; --line: #30363b; --good: #69db7c; --bad: #ff8787;
          --chime: #ff922b; }
}
body { color: var(--ink); background: var(--ground); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
       max-width: 72rem; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.15rem; }
p.machine, p.note { color: var(--soft); }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { text-align: left; padding: 2px 10px 2px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { position: sticky; top: 0; background: var(--ground); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.met td:first-child { color: var(--good); } tr.not-met td:first-child, .failure { color: var(--bad); font-weight: 600; }
tr.not-measured td { color: var(--soft); } tr.chime td:nth-child(2) { color: var(--chime); font-weight: 600; }
td:first-child, td:nth-child(2) { white-space: nowrap; }
summary { cursor: pointer; font-size: 1.15rem; font-weight: 600; margin-top: 2.5rem; }
nav a { margin-right: 0.9em; white-space: nowrap; color: inherit; }
"""

PLACEMENTS = """Two-thread figures depend on how far the two processors are from each other, so each sample says where it
was taken, by the round trip of a cache line just before and after: siblings (below 95 ns), near (below 300 ns) or far.
Bars show medians, whiskers quartiles."""

# A picture of its own has no page to take its colour from.
PICTURE_STYLE = ("<style>svg{color:#24292f}@media (prefers-color-scheme:dark){svg{color:#d0d7de}}</style>")

BEGIN, END = "<!-- results: written by bench/report/page.py -->", "<!-- end of results -->"


def met_line(results):
    count = sum(bar["met"] for bar in results["bars"])
    return f"{count} of {len(results['bars'])} bars met."


def failure_lines(results):
    return [f"{failed['case']} {failed['subjects']}: {failed['what']}" for failed in results["failures"]
            if not failed["recovered"]]


def anchor(group):
    return group.replace("/", "-")


def write_page(results, file):
    found = groups(results)
    parts = ["<!doctype html><html lang=en><head><meta charset=utf-8><title>chime-bench</title>",
             '<meta name=viewport content="width=device-width, initial-scale=1">', f"<style>{STYLE}</style></head><body>",
             "<h1>chime beside its rivals</h1>", f"<p class=machine>{html.escape(machine_line(results))}</p>",
             f"<p class=note>{PLACEMENTS}</p>"]
    parts += [f"<p class=failure>Failed: {html.escape(line)}</p>" for line in failure_lines(results)]
    parts += ["<nav>", *(f'<a href="#{anchor(group)}">{group}</a>' for group in found), "</nav>"]
    if results["bars"]:
        parts += [f"<h2>Where it must stand: {met_line(results)}</h2>", tables.bars(results).html()]
    for group, rows in found.items():
        parts += [f'<h2 id="{anchor(group)}">{group}</h2>', f"<div class=wide>{plots.plot(group, rows)}</div>"]
        if empty := plots.nothing_but_zero(rows):
            parts.append(f"<p class=note>0 for all: {html.escape(', '.join(empty))}</p>")
    parts += ["<details><summary>All rows</summary>", tables.rows(results["rows"]).html(), "</details>",
              "<details><summary>All ratios</summary>", tables.ratios(results).html(), "</details></body></html>"]
    pathlib.Path(file).write_text("\n".join(parts) + "\n", encoding="utf-8")


def write_docs(results, docs):
    """Replaces what lies between the markers of benchmarks.md, and the pictures beside it."""
    text_file, pictures = docs / "benchmarks.md", docs / "benchmarks"
    text = text_file.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{text_file} has no markers for the results")
    parts = [BEGIN, machine_line(results) + ".", "", met_line(results), "", tables.bars(results).markdown(), ""]
    pictures.mkdir(exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()
    for group, rows in groups(results).items():
        parts += [f"### {group}", ""]
        if picture := plots.plot(group, rows):
            opening = picture.index(">") + 1
            file = pictures / f"{anchor(group)}.svg"
            file.write_text(picture[:opening] + PICTURE_STYLE + picture[opening:], encoding="utf-8")
            parts += [f"![{group}](benchmarks/{file.name})", ""]
        parts += [tables.rows(rows).markdown(), ""]
    text_file.write_text(before + "\n".join(parts) + END + after, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="only tell whether a page could be made here")
    what.add_argument("--html", metavar="FILE", help="write a page that needs nothing else")
    what.add_argument("--docs", metavar="DIRECTORY", type=pathlib.Path, help="fill benchmarks.md in there, with plots")
    parser.add_argument("json", nargs="?", help="what chime-bench --json wrote")
    given = parser.parse_args()
    if given.check:
        return
    if given.json is None:
        parser.error("which results? Name a JSON file")
    results = load(given.json)
    if given.html:
        write_page(results, given.html)
    else:
        write_docs(results, given.docs)


if __name__ == "__main__":
    main()
