# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One tab of Chromium, driven over a pair of pipes by the DevTools protocol: messages of JSON, each ended by a zero byte."""
import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    """`width`, `height`: of a window without a frame. A call that the browser does not answer in `patience` seconds raises."""

    def __init__(self, width, height, patience=60):
        self.patience = patience
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-", dir=os.getcwd(), ignore_cleanup_errors=True)
        commands_out, self.commands = os.pipe()
        self.answers, answers_in = os.pipe()
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
             f"--user-data-dir={self.profile.name}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=lambda: as_3_and_4(commands_out, answers_in), close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands_out)
        os.close(answers_in)
        self.received, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Asked first: what it has started writes to the profile until it has ended, too.
        self.session = None
        try:
            self.call("Browser.close")
            self.process.wait(timeout=self.patience)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        answer = self.wait_for(lambda m: m.get("id") == message["id"])
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def wait_for(self, is_wanted):
        """Reads until such a message has come, and returns it; events are kept until open() forgets them."""
        end = time.monotonic() + self.patience
        while True:
            message = self.read(end)
            if "method" in message:
                self.events.append(message)
            if is_wanted(message):
                return message

    def read(self, end):
        while b"\0" not in self.received:
            if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            some = os.read(self.answers, 1 << 20)
            if not some:
                raise RuntimeError("Chromium has ended")
            self.received += some
        message, self.received = self.received.split(b"\0", 1)
        return json.loads(message)

    def open(self, url):
        """Loads a page, whole, and returns what went wrong meanwhile: errors of the console, exceptions, requests that failed."""
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for(lambda m: m.get("method") == "Page.loadEventFired")
        # What the page prints before its load event has come by now, and what it does at that event too, after this.
        self.evaluate("new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))")
        return [text for text in map(complaint, self.events) if text]

    def requests(self):
        """The addresses of all that the page has asked for since open()."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def evaluate(self, expression):
        """The value of a JavaScript expression, awaited if it is a promise."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(f"{expression}: {got['exceptionDetails']}")
        return got["result"].get("value")


def as_3_and_4(commands, answers):
    # By way of high numbers, since either may be 3 or 4 already.
    high = [os.dup2(commands, 103), os.dup2(answers, 104)]
    os.dup2(high[0], 3)
    os.dup2(high[1], 4)


def complaint(event):
    """What an event tells of a mistake, or None."""
    parameters = event["params"]
    match event["method"]:
        case "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            return "exception: " + details.get("exception", {}).get("description", details["text"])
        case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "assert", "warning"):
            return "console: " + " ".join(str(a.get("value", a.get("description"))) for a in parameters["args"])
        case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
            return "log: " + parameters["entry"]["text"] + " " + parameters["entry"].get("url", "")
        case "Network.loadingFailed":
            return "not loaded: " + parameters["errorText"]
    return None
