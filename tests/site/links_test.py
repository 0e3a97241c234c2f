# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Follows every link of a site: what is inside of it must be there, anchors too, by a relative path, so that the site
works below any path. Only links to be clicked may lead out of it, and are looked at for their form. Usage: links_test.py SITE"""
import html.parser
import pathlib
import re
import sys
import urllib.parse

URL_OF_STYLE = re.compile(r"@import\s+[\"']([^\"']+)|url\(\s*[\"']?([^\"')]+)")


class Page(html.parser.HTMLParser):
    """The anchors and links of one page. `links`: (tag, address)."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or name == "name" and tag == "a":
                if name == "id" and value in self.anchors:
                    self.links.append(("twice", value))
                self.anchors.add(value)
            elif name in ("href", "src") and value is not None:
                self.links.append((tag, value))


def fault_of(tag, address, page, site, pages):
    """What is wrong with a link of this page, or None."""
    if tag == "twice":
        return "this anchor is there twice"
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        is_well_formed = re.fullmatch(r"https?://[\w.-]+\.\w+(/\S*)?", address)
        if tag != "a":
            return "is loaded from elsewhere"
        return None if is_well_formed or parts.scheme == "mailto" else "is no address"
    if parts.path.startswith("/"):
        return "depends on where the site is"
    target = (page.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file() or not target.is_relative_to(site):
        return "leads to nothing"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "leads to no such anchor"
    return None


def main(site):
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    links = [(path, *link) for path, page in pages.items() for link in page.links]
    for path in sorted(site.rglob("*.css")):
        links += [(path, "style", a or b) for a, b in URL_OF_STYLE.findall(path.read_text())]
    judged = [(path, address, fault_of(tag, address, path, site, pages)) for path, tag, address in links]
    faults = [(path, address, fault) for path, address, fault in judged if fault]
    for path, address, fault in faults:
        print(f"{path.relative_to(site)}: {address}: {fault}")
    print(f"{len(pages)} pages, {len(links)} links, {len(faults)} faults")
    return bool(faults) or len(links) < 100


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
