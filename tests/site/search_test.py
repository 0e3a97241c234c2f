# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Searches a site as a reader does: types words into the field of its home, presses Enter, and looks which pages are found.
Usage: search_test.py SITE"""
import pathlib
import sys

from browser import Browser

# What is typed, and a page that must be among the first five.
KNOWN = {
    "signal handler": "docs/guides/shutdown.html",
    "pool.close() returns 2": "docs/guides/shutdown.html",
    "resource_exhausted": "docs/guides/limits-and-backpressure.html",
    "cannot open shared object": "docs/guides/troubleshooting.html",
    "drain": "reference/proactor.hpp.html",
    "chime_pool_initialize_with": "reference/chime.h.html",
    "event_cache": "reference/pool.hpp.html",
    "libuv": "docs/integrations/libuv.html",
    "guest_poll": "reference/proactor.hpp.html",
    "backpressure": "docs/guides/limits-and-backpressure.html",
    "loop is stuck": "docs/guides/troubleshooting.html",
    "timing wheel": "docs/decisions/0002-timers-in-a-wheel.html",
}
TYPE = """(() => {
  const field = document.querySelector('input[name=q]');
  field.focus();
  field.value = '';
})()"""
# What the page of results says when it is done, and its links.
RESULTS = """new Promise((resolve, reject) => {
  const look = left => {
    const summary = document.querySelector('#search-results p.search-summary');
    const done = summary && / \\d+ page|did not match/.test(summary.textContent);
    if (done || left === 0)
      resolve({done: !!done, links: [...document.querySelectorAll('#search-results ul.search li a')].map(a => a.href)});
    else setTimeout(look, 20, left - 1);
  };
  look(1000);
})"""


def search(browser, site, words):
    browser.open((site / "index.html").as_uri())
    browser.evaluate(TYPE)
    browser.call("Input.insertText", text=words)
    browser.events.clear()
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    if not any(e["method"] == "Page.loadEventFired" for e in browser.events):
        browser.wait_for(lambda m: m.get("method") == "Page.loadEventFired")
    return browser.evaluate(RESULTS)


def main(site):
    failed = 0
    with Browser(390, 844) as browser:
        for words, page in KNOWN.items():
            found = search(browser, site, words)
            first = [link.split("#")[0].split("?")[0].removeprefix(site.as_uri() + "/") for link in found["links"][:5]]
            if not found["done"] or page not in first:
                failed += 1
                print(f"\"{words}\" does not find {page}, but {first}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
