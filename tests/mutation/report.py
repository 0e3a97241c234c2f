# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of mutants and their killers, and the reasons for those that live."""

import re

BEGIN = "<!-- mutants: written by ./dev mutate -->"
END = "<!-- mutants end -->"
HANGS = " (hangs)"  # behind a killer that did not end
KINDS = {"order": "Memory orders", "wake": "Wakes", "generation": "Generations, tags and counts", "misuse": "Checks of misuse"}


def reasons(path):
    """Each mutant that no test can kill, and why: a line with its key, then indented lines with the reason."""
    found, key = {}, None
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            found[key] = f"{found[key]} {line.strip()}".strip()
        else:
            key = line.strip()
            found[key] = ""
    return found


def code(text):
    mark = "``" if "`" in text else "`"
    return mark + text.replace("|", "\\|") + mark


def row_of(mutant, what):
    where, change = mutant.key.split(": ", 1)
    return f"| {code(where)} | {code(change)} | {what} |"


def hints(path):
    """Who killed which mutant, as the table tells: the first to try again."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        row = re.match(r"\| `([^`]*)` \| `([^`]*)` \| `([^`]*)`", line)
        if row:
            found[f"{row.group(1)}: {row.group(2)}".replace("\\|", "|")] = row.group(3)
    return found


def wrong(wanted, results, given):
    found = []
    for mutant in wanted:
        killed, reason = results.get(mutant.key), given.get(mutant.key)
        if not killed and not reason:
            found.append(f"no test kills: {mutant.path}:{mutant.line}: {mutant.key}")
        if killed and reason is not None:
            found.append(f"equivalent.txt says that none can, but {killed} kills: {mutant.key}")
    return found


def summary(wanted, results, given):
    killed = sum(1 for m in wanted if results.get(m.key))
    equivalent = sum(1 for m in wanted if not results.get(m.key) and given.get(m.key))
    return f"{len(wanted)} mutants: {killed} killed, {equivalent} equivalent, {len(wanted) - killed - equivalent} survived"


def end_of(mutant, results, given):
    killer, reason = results.get(mutant.key), given.get(mutant.key)
    if killer:
        return code(killer.removesuffix(HANGS)) + (", which hangs" if killer.endswith(HANGS) else "")
    return f"equivalent: {reason}" if reason else "**nobody**"


def table(found, results, given):
    lines = [summary(found, results, given) + ".", ""]
    for kind, title in KINDS.items():
        lines += [f"#### {title}", "", "| where | mutant | killed by |", "|---|---|---|"]
        for mutant in [m for m in found if m.kind == kind]:
            lines.append(row_of(mutant, end_of(mutant, results, given)))
        lines.append("")
    return "\n".join(lines)


def around_table(path):
    """What stands before and behind the table; a table needs its marks."""
    text = path.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path}: the marks between which the table belongs are missing: {BEGIN} and {END}")
    before, rest = text.split(BEGIN, 1)
    return before, rest.split(END, 1)[1]


def write(path, found, results, given):
    before, after = around_table(path)
    path.write_text(f"{before}{BEGIN}\n{table(found, results, given)}{END}{after}")
