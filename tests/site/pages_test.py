# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loads every page of a site in Chromium as a phone shows it, from files, and some as a desktop does. A page must ask for
nothing outside of the site, print no error, and fit the width of the screen. Usage: pages_test.py SITE"""
import pathlib
import sys

from browser import Browser

PHONE, DESKTOP = (390, 844), (1440, 900)

# What reaches beyond the right edge of the screen: nothing may but what lies in a part that is meant to be moved by itself.
OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  const movable = '.highlight, .table-wrapper, .sidebar-drawer, .toc-drawer, .overlay';
  const far = [...document.querySelectorAll('body *')].filter(e =>
    e.getBoundingClientRect().right > width + 1 && !e.closest(movable));
  const over = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - width;
  if (over <= 0 && far.length === 0) return null;
  const told = e => '<' + e.tagName.toLowerCase() + '> ' + e.textContent.trim().slice(0, 60);
  return 'is too wide: ' + far.slice(0, 3).map(told).join('; ');
})()"""
# The smallest print of the text, in pixels.
SMALLEST = """Math.min(...[...document.querySelectorAll('article p, article li, article td, article pre, article dd')]
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""


# Of the background of what a selector finds, from 0 to 765.
BRIGHTNESS = """getComputedStyle(document.querySelector('%s')).backgroundColor
  .match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"""


def faults_of(browser, page, site):
    faults = browser.open(page.as_uri())
    home = site.as_uri() + "/"
    faults += ["asks for " + url for url in browser.requests() if not url.startswith((home, "data:"))]
    wide = browser.evaluate(OVERFLOW)
    smallest = browser.evaluate(SMALLEST)
    if wide:
        faults.append(wide)
    if smallest is not None and smallest < 10:
        faults.append(f"text of {smallest} px")
    return faults


def dark_faults(browser, site):
    """The home is light, or dark where the system is."""
    faults = 0
    for scheme, is_wanted in (("light", lambda brightness: brightness > 600), ("dark", lambda brightness: brightness < 200)):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open((site / "index.html").as_uri())
        for part in ("body", ".highlight", ".sidebar-drawer"):
            brightness = browser.evaluate(BRIGHTNESS % part)
            if not is_wanted(brightness):
                faults += 1
                print(f"index.html: {part} has a background of brightness {brightness} in the {scheme} scheme")
    return faults


def main(site):
    pages = sorted(site.rglob("*.html"))
    failed = 0
    if not pages:
        raise SystemExit(f"{site} has no page")
    with Browser(*PHONE) as browser:
        for size, chosen in ((PHONE, pages), (DESKTOP, pages[:: max(1, len(pages) // 12)])):
            browser.resize(*size)
            for page in chosen:
                for fault in faults_of(browser, page, site):
                    failed += 1
                    print(f"{page.relative_to(site)} at {size[0]} x {size[1]}: {fault}")
        failed += dark_faults(browser, site)
    print(f"{len(pages)} pages, {failed} faults")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
