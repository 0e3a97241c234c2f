#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws the pictures of docs/guides/concepts.md. draw.py [--check]: only say whether the SVG files are up to date."""

import pathlib
import sys
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).resolve().parent
STYLE = """
  .ground { fill: #ffffff; }
  .box { fill: #f2f4f7; stroke: #5b6675; stroke-width: 1.5; }
  .kernel { fill: #fdf0e1; stroke: #b45f06; stroke-width: 1.5; }
  .waits { fill: #e3effc; stroke: #2166ac; stroke-width: 1.5; }
  .free { fill: #e6f4ea; stroke: #2e7d32; stroke-width: 1.5; }
  .use { fill: none; stroke: #2166ac; stroke-width: 1.5; stroke-dasharray: 6 4; }
  .arrow { fill: none; stroke: #3b4452; stroke-width: 1.8; marker-end: url(#head); }
  .costs { fill: none; stroke: #b45f06; stroke-width: 2.4; marker-end: url(#cost); }
  .head { fill: #3b4452; }
  .cost { fill: #b45f06; }
  text { fill: #1c222b; font: 15px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
  .title { font-weight: 600; font-size: 16px; }
  .small { font-size: 13.5px; fill: #3b4452; }
  .code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13.5px; }
  .warm { fill: #9a4f00; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #11161d; }
    .box { fill: #1f2732; stroke: #8b98a9; }
    .kernel { fill: #3a2812; stroke: #e8a04c; }
    .waits { fill: #16304d; stroke: #6fb1f2; }
    .free { fill: #173322; stroke: #6cc483; }
    .use { stroke: #6fb1f2; }
    .arrow { stroke: #c3ccd8; }
    .costs { stroke: #f0a850; }
    .head { fill: #c3ccd8; }
    .cost { fill: #f0a850; }
    text { fill: #e8edf3; }
    .small { fill: #c3ccd8; }
    .warm { fill: #f5b567; }
  }
"""


class Picture:
    def __init__(self, name, title, description, width, height):
        self.name = name
        self.parts = [
            "<!-- SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception. Written by draw.py. -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            "<defs>",
        ]
        for marker in ("head", "cost"):
            self.parts.append(f'<marker id="{marker}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
                              f'markerUnits="userSpaceOnUse" orient="auto"><path class="{marker}" d="M0,0 L10,5 L0,10 z"/></marker>')
        self.parts.append("</defs>")
        self.parts.append(f'<rect class="ground" width="{width}" height="{height}" rx="10"/>')

    def text(self, x, y, lines, kind="", anchor="start"):
        """Lines below each other; y is the first one's base line."""
        for i, line in enumerate([lines] if isinstance(lines, str) else lines):
            self.parts.append(f'<text class="{kind}" x="{x}" y="{y + i * 19}" text-anchor="{anchor}">{escape(line)}</text>')

    def box(self, x, y, width, height, title, lines=(), kind="box", line_kind="small"):
        self.parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>')
        top = y + (height - 19 * len(lines)) / 2 + 5
        self.text(x + width / 2, top, title, "title", "middle")
        self.text(x + width / 2, top + 20, list(lines), line_kind, "middle")

    def frame(self, x, y, width, height):
        self.parts.append(f'<rect class="use" x="{x}" y="{y}" width="{width}" height="{height}" rx="12"/>')

    def arrow(self, path, kind="arrow"):
        self.parts.append(f'<path class="{kind}" d="{path}"/>')

    def svg(self):
        return "\n".join(self.parts) + "\n</svg>\n"


def event_life():
    p = Picture("event-life.svg", "The life of an event",
                "An event lies free in its pool. Acquire begins a use of it and gives it to a holder. The holder hands out "
                "tickets and submits the wait, so that the loop owns the event. A signal, a cancel or the deadline, exactly "
                "one of them, decides how the wait ends. The callback gets the event back. It submits it again, within the "
                "same use, or drops it: the event is free again, and every ticket of that use is stale.", 720, 470)
    p.frame(246, 16, 458, 330)
    p.text(262, 40, "one use: its tickets reach it, wherever it is", "small")
    p.box(20, 90, 130, 76, "in the pool", ["free"], "free")
    p.box(266, 90, 160, 76, "with its holder", ["get_ticket()"], line_kind="small code")
    p.box(530, 90, 158, 76, "with the loop", ["waits"], "waits")
    p.box(530, 250, 158, 76, "in your callback", ["c.error, c.ev"], line_kind="small code")
    p.arrow("M150,118 H264")
    p.text(198, 108, "acquire", "small code", "middle")
    p.arrow("M266,146 H152")
    p.text(198, 164, "drop", "small code", "middle")
    p.arrow("M426,128 H528")
    p.text(477, 118, "submit", "small code", "middle")
    p.arrow("M609,166 V248")
    p.text(597, 190, ["signal: success", "cancel: cancelled", "deadline: timed_out"], "small code", "end")
    p.text(622, 212, ["one of", "them"], "warm")
    p.arrow("M530,272 H356 V168")
    p.text(368, 264, "keep c.ev", "small code")
    p.arrow("M530,308 H85 V168")
    p.text(262, 300, "drop c.ev", "small code")
    p.box(20, 372, 684, 82, "after the drop: a new generation", [
        "Every ticket of the old use is stale: signal() and cancel() say so and touch nothing,",
        "also when the event serves its next use already."
    ], "free")
    return p


def ready_queue():
    p = Picture("ready-queue.svg", "What a signal does to an awake and to a sleeping loop",
                "Above: the loop is awake. The signaller swaps the event's word, pushes the event onto the ready queue, and is "
                "done, without a system call; the loop takes the whole queue at its next turn and runs the callbacks. Below: "
                "the loop sleeps in the kernel, and the queue's word says asleep. The first push finds that and rings the "
                "loop's doorbell, one system call; the pushes after it find an event there and ring nothing.", 720, 576)
    for top, title in ((16, "The loop is awake"), (272, "The loop sleeps")):
        p.text(20, top + 14, title, "title")
    # Awake.
    p.box(20, 50, 170, 96, "signaller", ["swaps the event's", "word: signalled"])
    p.box(290, 50, 170, 96, "ready queue", ["one word:", "the newest event"])
    p.box(560, 50, 140, 96, "loop", ["runs callbacks"], "waits")
    p.arrow("M190,98 H288")
    p.text(239, 88, "push", "small code", "middle")
    p.arrow("M460,98 H558")
    p.text(509, 88, "take all", "small code", "middle")
    p.text(20, 182, "No system call.", "warm")
    p.text(20, 204, ["The loop takes the queue at each turn, and before it sleeps it looks for up to 50 us more,",
                     "as long as that has paid lately. So while signals come fast, it is awake."], "small")
    # Asleep.
    p.box(20, 332, 170, 60, "first signaller", ["swaps, pushes"])
    p.box(20, 420, 170, 60, "all others", ["swap, push"])
    p.box(290, 354, 170, 96, "ready queue", ["the word said", "“asleep”"])
    p.box(560, 332, 140, 148, "kernel", ["the loop waits", "in its backend"], "kernel")
    p.arrow("M190,362 L288,390")
    p.arrow("M190,450 L288,418")
    p.arrow("M105,332 V316 H630 V330", "costs")
    p.text(300, 308, "rings the doorbell, since it found “asleep”", "warm")
    p.text(230, 466, "they find an event", "small")
    p.text(20, 514, "One system call, by the first. The others make none.", "warm")
    p.text(20, 536, ["“Asleep” stands in the same word that is pushed to: no push can fall between the loop's last",
                     "look and its sleep, so no wake-up is lost."], "small")
    return p


def pool_and_caches():
    p = Picture("pool-and-caches.svg", "Where an acquire finds an event, and where a release puts it",
                "A thread with a cache acquires from its own stock, then from the ring by which the polling thread sends events "
                "home, then from the shared side that all threads use, and only then does the pool grow: by a cell of a page "
                "of 4096 bytes from the allocator, until the maximum. A release by the cache's thread goes to the stock, by the "
                "polling thread to the ring, by any other thread to the shared side.", 720, 522)
    p.text(20, 32, "acquire looks here, in this order", "title")
    p.text(700, 32, "release puts it here", "title", "end")
    p.frame(190, 50, 300, 184)
    p.text(206, 72, "home of one event_cache", "small code")
    p.box(206, 84, 268, 60, "stock", ["up to 64, last in, first out"], "free")
    p.box(206, 160, 268, 60, "ring", ["up to 256, oldest first"], "free")
    p.box(190, 254, 300, 76, "shared side", ["of the pool, for every thread:", "lock-free, no limit but the maximum"], "free")
    p.box(190, 350, 300, 76, "a new event", ["64 bytes in a page of 4096,", "until maximum_capacity"])
    p.box(190, 446, 300, 56, "your allocator", ["one page for 63 events; freed by close()"], "kernel")
    for y, first, second in ((114, "with a cache", "1"), (190, "", "2"), (292, "without: 1", "3"), (388, "2", "4")):
        p.text(106, y + 5, first, "small", "end")
        p.text(132, y + 6, second, "title", "middle")
        p.arrow(f"M146,{y} H{204 if y < 240 else 188}")
    p.arrow("M340,426 V444")
    p.text(700, 110, ["the cache's", "own thread"], "small", "end")
    p.arrow("M612,114 H476")
    p.text(700, 186, ["the polling", "thread"], "small", "end")
    p.arrow("M616,190 H476")
    p.text(700, 274, ["any other thread,", "or no cache"], "small", "end")
    p.arrow("M584,290 H492")
    p.text(700, 372, ["maximum reached:", "resource_exhausted"], "warm", "end")
    p.text(700, 464, ["no system call,", "no allocation", "in a release"], "small", "end")
    return p


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    stale = False
    for picture in (event_life(), ready_queue(), pool_and_caches()):
        file = HERE / picture.name
        if arguments and (not file.is_file() or file.read_text() != picture.svg()):
            print(f"{file} is out of date: run {pathlib.Path(__file__).name}", file=sys.stderr)
            stale = True
        elif not arguments:
            file.write_text(picture.svg())
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
