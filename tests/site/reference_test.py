# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the reference of a site with the public headers: every name that a header declares has its entry on the header's
page, as often as it is declared, and what an entry cannot do without is said. Usage: reference_test.py INCLUDE DOXYGEN_XML SITE"""
import collections
import html
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

# Headers that only gather, or only have numbers: nothing there has a thread or fails.
WITHOUT_CALLS = {"chime.hpp", "config.hpp"}
# What the words of a header that has functions must speak of.
SUBJECTS = {"threads": r"[Tt]hread|executor", "errors": r"[Ee]rror|[Tt]hrows", "system calls": r"[Ss]ystem calls?|[Cc]osts"}
# A function that can fail says how, or names one that does. As does one of a class or header that says it for all.
SAYS_ERRORS = re.compile(r"[Ee]rrors?\b|[Tt]he same|\b[Aa]s \w|\bElse\b|-E[A-Z]{3}|Like \w|CHIME_STALE")

NAME = re.compile(r"operator(?: \w+|\W+)|~?\w+")


def text_of(element):
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def words_of(entity):
    return text_of(entity.find("briefdescription")) + " " + text_of(entity.find("detaileddescription"))


def entries_of(page):
    """How often each name has an entry."""
    names = []
    for signature in page.read_text().split('<span class="sig-name descname">')[1:]:
        spelled = re.split(r'<span class="sig-paren">|<a class="headerlink"', signature)[0]
        text = html.unescape(re.sub(r"<[^>]*>", "", spelled))
        names.append(NAME.match(text).group().strip())
    return collections.Counter(names)


class Doxygen:
    """The members that each header declares for its users, and the words of the header."""

    def __init__(self, folder):
        self.members, self.compounds, self.headers = collections.defaultdict(list), collections.defaultdict(list), {}
        for path in folder.glob("*.xml"):
            for compound in xml.parse(path).getroot().iter("compounddef"):
                self.add(compound)

    def add(self, compound):
        kind = compound.get("kind")
        if kind == "file":
            self.headers[compound.find("location").get("file").split("/")[-1]] = compound
        if kind in ("class", "struct"):
            self.compounds[header_of(compound)].append(compound)
        for member in compound.iter("memberdef"):
            is_public = member.get("prot") == "public" and member.get("kind") != "friend"
            if is_public and not text_of(member.find("argsstring")).endswith("=delete"):
                known = self.members[header_of(member)]
                if member.get("id") not in {m.get("id") for m, _ in known}:
                    known.append((member, compound))


def header_of(entity):
    return entity.find("location").get("file").split("/")[-1]


def needs_entry(member, compound):
    """Not what has no words because it means what it always means, nor the second name of a struct of C."""
    name = text_of(member.find("name"))
    if name.startswith(("~", "@")) or not words_of(member).strip():
        return False
    names_a_struct = member.get("kind") == "typedef" and text_of(member.find("type")).startswith("struct")
    return not names_a_struct or compound.get("kind") != "file"


def missing_of(header, doxygen, entries):
    wanted = collections.Counter(text_of(m.find("name")) for m, c in doxygen.members[header] if needs_entry(m, c))
    wanted += collections.Counter(text_of(v.find("name")) for m, _ in doxygen.members[header] for v in m.findall("enumvalue"))
    wanted += collections.Counter(text_of(c.find("compoundname")).split("::")[-1] for c in doxygen.compounds[header])
    return [f"{name} has {entries[name]} entries of {count}" for name, count in wanted.items() if entries[name] < count]


def named_in(source):
    """Names that the text of a header declares, as far as a line tells; found without Doxygen."""
    source = re.sub(r"^namespace detail \{.*?^\}  // namespace detail$", "", source, flags=re.S | re.M)
    names = set(re.findall(r"^(?:CHIME_API|static inline|inline) [^\n]*?\b(chime_\w*[a-z])\(", source, re.M))
    types = r"^(?:class|struct|enum class)(?: CHIME_API)?(?: \[\[\w+\]\])? (\w+)(?: : [\w ]+)? \{"
    names |= set(re.findall(types, source, re.M))
    return names | set(re.findall(r"^  (CHIME_\w+) = ", source, re.M)) | set(re.findall(r"^using (\w+) =", source, re.M))


def unsaid_of(header, doxygen):
    """Subjects that neither the header nor an entry speaks of, and functions that fail without a word."""
    if header in WITHOUT_CALLS:
        return []
    head = words_of(doxygen.headers[header])
    everything = head + " ".join(words_of(m) + words_of(c) for m, c in doxygen.members[header])
    faults = [f"says nothing of {subject}" for subject, words in SUBJECTS.items() if not re.search(words, everything)]
    for member, compound in doxygen.members[header]:
        returns = text_of(member.find("type")).removeprefix("inline ")
        can_fail = returns.startswith("result<") or header.endswith(".h") and returns == "int"
        if member.get("kind") == "function" and can_fail and not SAYS_ERRORS.search(words_of(member)):
            faults.append(f"{text_of(member.find('name'))} can fail, but does not say how")
    return faults


def main(include, doxygen_xml, site):
    doxygen, failed = Doxygen(doxygen_xml), 0
    headers = sorted(path.name for path in (include / "chime").iterdir() if path.suffix in (".h", ".hpp"))
    for header in headers:
        page = site / "reference" / f"{header}.html"
        if not page.exists():
            faults = ["has no page"]
        else:
            entries = entries_of(page)
            faults = missing_of(header, doxygen, entries) + unsaid_of(header, doxygen)
            named = named_in((include / "chime" / header).read_text())
            faults += [f"{name} has no entry" for name in named if not entries[name]]
        for fault in faults:
            failed += 1
            print(f"{header}: {fault}")
    count = sum(map(len, doxygen.members.values()))
    print(f"{len(headers)} headers, {count} members, {failed} faults")
    return failed != 0 or count < 200


if __name__ == "__main__":
    sys.exit(main(*map(pathlib.Path, sys.argv[1:4])))
