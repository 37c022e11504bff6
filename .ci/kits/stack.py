"""A local stack for a kit: starts it, waits until it is ready, and stops it by its process id. Also a small SCIM client.

Needs no packages. Checks are `assert`s; when one fails, the output of the program is shown.
"""

import contextlib
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SCIM = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

# SIGTERM unwinds the kit, which stops the processes that it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by a signal"))


def token():
    """A random token."""
    return secrets.token_hex(24)


class Process:
    """A process in its own process group, with its output in files. As a context manager it stops at exit."""

    def __init__(self, command, folder, name, **options):
        self.paths = [pathlib.Path(folder, f"{name}.{kind}") for kind in ("out", "err")]
        with self.paths[0].open("wb") as out, self.paths[1].open("wb") as err:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True, **options
            )

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.end()
        if kind:
            for path in self.paths:
                print(f"--- {path.name}", path.read_text(errors="replace"), sep="\n", flush=True)

    def output(self):
        """The complete lines on standard output so far."""
        return [line[:-1] for line in self.paths[0].read_text().splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, found, seconds=30):
        """Waits until `found(lines)` is truthy and returns its value."""
        deadline = time.monotonic() + seconds
        while not (result := found(self.output())):
            assert self.child.poll() is None, f"it exited with {self.child.returncode}"
            assert time.monotonic() < deadline, f"not ready after {seconds} s"
            time.sleep(0.05)
        return result

    def stop(self, with_signal):
        """Sends a signal, as Ctrl-C or a script does, and returns the exit code."""
        self.child.send_signal(with_signal)
        return self.child.wait(timeout=30)

    def end(self):
        """Stops the process and its children in any case."""
        for with_signal, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, with_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(seconds)
        # The group exists until every process in it has exited.
        deadline = time.monotonic() + 10
        with contextlib.suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(self.child.pid, signal.SIGKILL)
                time.sleep(0.05)


class Stack(Process):
    """`cargo run` with these arguments. `tenants` maps names to (base URL, token); `console` is the address of the
    vendor's console and the initial admin key."""

    def __init__(self, binary, folder, *arguments):
        super().__init__([binary, "--listen", "127.0.0.1:0", *arguments], folder, "stack")

    def __enter__(self):
        try:
            # An empty line after the tenants separates the text for people.
            lines = self.wait_for(lambda lines: "" in lines and lines[: lines.index("")])
            assert lines[0].startswith("ready http://127.0.0.1:"), lines
            word, *self.console = lines[1].split(" ")
            assert word == "console" and len(self.console) == 2, lines
            fields = [line.split(" ") for line in lines[2:]]
            assert all(len(line) == 4 and line[0] == "tenant" for line in fields), lines
            self.tenants = {name: (base, key) for _, name, base, key in fields}
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self


class Client:
    """A provisioning client. It ignores the environment's proxies, because everything runs on this machine."""

    media_types = (SCIM,)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __init__(self, base, key=None, seconds=30):
        self.base, self.key, self.seconds = base, key, seconds

    def send(self, method, path, body=None, media_type=SCIM, **query):
        """Sends one request and returns status, headers and the body as JSON."""
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"Accept": SCIM, **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = media_type
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            answer = self.opener.open(request, timeout=self.seconds)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            raw = answer.read()
            if not raw:
                return answer.status, answer.headers, None
            kind = answer.headers["Content-Type"]
            assert kind in self.media_types, (method, path, dict(answer.headers), raw)
            return answer.status, answer.headers, json.loads(raw) if "json" in kind else raw.decode()

    def expect(self, status, method, path, body=None, **options):
        """Sends one request, checks the status and returns the body. An error must be a SCIM error."""
        got, headers, answer = self.send(method, path, body, **options)
        assert got == status, f"{method} {path} {body}: {got} {answer}, expected {status}"
        if status >= 400:
            assert self.is_error(answer, status) and answer["detail"], answer
        return answer

    @staticmethod
    def is_error(answer, status):
        """Whether the answer is a SCIM error with this status."""
        return answer["schemas"] == [ERROR] and answer["status"] == str(status)


class Vendor(Client):
    """A client of the admin API."""

    media_types = ("application/json", "application/problem+json")

    @staticmethod
    def is_error(answer, status):
        """Whether the answer is a problem document with this status."""
        return answer["type"].startswith("urn:muster:problem:") and answer["status"] == status


@contextlib.contextmanager
def folder():
    """A temporary folder outside the workspace."""
    with tempfile.TemporaryDirectory(prefix="muster-ci-") as path:
        yield path
