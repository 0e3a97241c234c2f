# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Collects what the site is made of: README.md as its home, all pages of the repository under their own paths, the
reference, and a page for each source file that a page links to. Usage: pages.py REPOSITORY DOXYGEN_XML OUTPUT"""
import os
import pathlib
import posixpath
import re
import sys

import navigation
import reference

LINK = re.compile(r"(\]\()([^()\s]+)((?:\s+\"[^\"]*\")?\))")
# A path of the repository as code, which is no link already.
PATH = re.compile(r"(?<![\[`])`([\w.-]+(?:/[\w.-]+)+|[A-Z]+\.md)`(?![\]`])")
FENCE = re.compile(r"^\s*(```+|~~~+)")
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".ipp": "cpp", ".c": "c", ".h": "cpp", ".py": "python", ".sh": "sh",
             ".cmake": "cmake", ".json": "json"}


class Site:
    def __init__(self, root, output):
        self.root, self.output = root, output
        found = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
        self.pages = {path.relative_to(root).as_posix() for path in found}
        self.sources = set()

    def write(self, path, text):
        target = self.output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def copy(self, page, below):
        text = self.with_links((self.root / page).read_text(), posixpath.dirname(page))
        self.write("index.md" if page == "README.md" else page, text + "\n" + below)

    def copy_pictures(self):
        for path in self.root.glob("docs/**/*"):
            if is_picture(path.name):
                target = self.output / path.relative_to(self.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())

    def with_links(self, text, folder):
        """Links to files of the repository lead to their pages, and so do paths in running text. Code is left alone."""
        lines, fence = [], None
        for line in text.split("\n"):
            mark = FENCE.match(line)
            if mark and (fence is None or mark.group(1).startswith(fence)):
                fence = mark.group(1) if fence is None else None
            elif fence is None:
                line = LINK.sub(lambda m: m.group(1) + self.target(m.group(2), folder) + m.group(3), line)
                if not line.startswith("#"):
                    line = PATH.sub(lambda m: self.linked_path(m.group(1), folder), line)
            lines.append(line)
        return "\n".join(lines)

    def linked_path(self, place, folder):
        """The path of a file, as code: with a link if there is such a file."""
        code = f"`{place}`"
        if not (self.root / place).is_file() or posixpath.normpath(place) != place:
            return code
        return f"[{code}]({self.target(posixpath.relpath(place, folder or '.'), folder)})"

    def target(self, link, folder):
        path, _, anchor = link.partition("#")
        if not path or ":" in path:
            return link
        place = posixpath.normpath(posixpath.join(folder, path))
        if place == "README.md":
            return posixpath.relpath("index.md", folder or ".") + ("#" + anchor if anchor else "")
        file = self.root / place
        if place in self.pages or not file.exists() or file.is_file() and not is_text(file):
            return link
        if place + "/README.md" in self.pages:
            return posixpath.relpath(place + "/README.md", folder or ".")
        self.sources.add(place)
        return posixpath.relpath(f"source/{place}.md", folder or ".")

    def write_sources(self):
        """Those that were linked to, and what their folders hold."""
        written = set()
        while self.sources - written:
            place = min(self.sources - written)
            written.add(place)
            self.write(f"source/{place}.md", self.folder(place) if (self.root / place).is_dir() else self.source(place))

    def folder(self, place):
        found = [path for path in (self.root / place).rglob("*") if path.is_file() and is_text(path)]
        files = sorted({path.relative_to(self.root).as_posix() for path in found} - self.pages)
        self.sources |= set(files)
        beside = posixpath.dirname(place) or "."
        lines = [f"- [{name}]({posixpath.relpath(name, beside)}.md)" for name in files]
        return "\n".join([*HEAD, f"# {place}", "", *lines, ""])

    def source(self, place):
        file = os.path.relpath(self.root / place, (self.output / "source" / place).parent)
        language = LANGUAGES.get(pathlib.Path(place).suffix, "text")
        include = ["```{literalinclude} " + file, f":language: {language}", ":linenos:", "```"]
        return "\n".join([*HEAD, f"# {place}", "", *include, ""])


def is_picture(name):
    return name.endswith((".svg", ".png"))


def is_text(path):
    """Whether a page can show this file: no picture, and in UTF-8."""
    try:
        return not is_picture(path.name) and bool(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return False


# No line of navigation, and not searched: what these pages say is found where it is explained.
HEAD = ["---", "orphan: true", "nosearch: true", "---", ""]


# Pages that have no file of their own.
SPECIAL = {"README.md": "Overview <self>", "genindex": "All names <genindex>"}


def toctree(nodes, caption=None):
    if not nodes:
        return ""
    options = [":hidden:"] + ([f":caption: \"{caption}\""] if caption else [])
    entries = [SPECIAL.get(node.name) or "/" + node.name.removesuffix(".md") for node in nodes]
    return "\n".join(["```{toctree}", *options, "", *entries, "```", "", ""])


def write_tree(site, nodes):
    for node in nodes:
        if node.name == "genindex" or node.name.startswith("reference/"):
            continue
        below = toctree(node.children)
        if node.name == "README.md":
            below = "".join(toctree(section.children, section.name) for section in site.navigation.sections)
        site.copy(node.name, below)
        write_tree(site, node.children)


def main(root, doxygen_xml, output):
    site = Site(root, output)
    headers = reference.write_pages(root / "include", doxygen_xml, output / "reference")
    site.navigation = navigation.Navigation(pathlib.Path(__file__).with_name("navigation.txt"),
                                            site.pages | {"genindex"} | {"reference/" + header for header in headers})
    for section in site.navigation.sections:
        write_tree(site, section.children)
    site.copy_pictures()
    site.write_sources()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], pathlib.Path(sys.argv[3]).resolve())
