"""Verifies the same deliveries with the Standard Webhooks libraries of Python, JavaScript, Go and Java, and matches the patterns
of functions/deliver/README.md with AWS's event-ruler. A language whose tools are missing is named and left out.

usage: verify.py BINARY NODE_FOLDER JAVA_FOLDER, in the environment with the packages of webhooks.txt
"""

import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stack import GROUP, PATCH, USER, Client, Process, Stack, folder

HERE = pathlib.Path(__file__).parent
README = HERE.parent.parent / "functions/deliver/README.md"
SINGLE = 6  # events of `changes`


def main(binary, node, java):
    with folder() as path:
        deliveries = pathlib.Path(path, "deliveries")
        deliveries.mkdir()
        secret = record(binary, path, deliveries)
        for number, pattern in enumerate(re.findall(r"```json\n(\{\"type\".*?)```", README.read_text(), re.S)):
            pathlib.Path(deliveries, f"{number:02}.pattern").write_text(pattern)
        count = len(list(deliveries.glob("*.body")))
        python(secret, deliveries)
        done, missing = ["Python"], []
        for name, tool, run in (
            ("JavaScript", "node", lambda: javascript(node)),
            ("Go", "go", golang),
            ("Java", "mvn", lambda: jvm(java)),
        ):
            if not shutil.which(tool):
                missing.append(name)
                continue
            command, options = run()
            answer = subprocess.run(
                [*command, secret, deliveries], capture_output=True, text=True, timeout=600, check=False, **options
            )
            assert answer.returncode == 0, (name, answer.stdout, answer.stderr)
            assert answer.stdout.split()[:1] == [str(count)], (name, answer.stdout, answer.stderr)
            done.append(name)
    told = f"{count} deliveries verified in {', '.join(done)}"
    if "Java" in done:
        told += "; the patterns matched by event-ruler"
    if missing:
        told += f"; NOT CHECKED, because their tools are not installed: {', '.join(missing)}"
    print(told)


def record(binary, path, deliveries):
    """Keeps what a receiver gets for a few changes, as single events and as a batch; returns the secret."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/webhooks"
    data = ["--data", f"{path}/data"]
    with Stack(binary, path, *data) as stack:
        changes(Client(*stack.tenants["acme"]))
        for batch, name in (("1", "single"), ("100", "batches")):
            command = [binary, "listen", *data, "--tenant", "acme", "--after", "0", "--batch", batch, "--forward-to", url]
            before = len(seen)
            with Process(command, path, name) as listen:
                deadline = time.monotonic() + 60
                while events_in(seen[before:]) < SINGLE:
                    assert time.monotonic() < deadline, events_in(seen[before:])
                    time.sleep(0.1)
                secret = re.search(r"whsec_\S+", listen.paths[1].read_text()).group()
    server.shutdown()
    for number, (headers, body) in enumerate(seen):
        pathlib.Path(deliveries, f"{number:02}.body").write_bytes(body)
        lines = [f"{name.lower()}: {value}" for name, value in headers.items() if name.lower().startswith("webhook-")]
        assert len(lines) == 3, headers
        pathlib.Path(deliveries, f"{number:02}.headers").write_text("\n".join(lines) + "\n")
    return secret


def events_in(seen):
    bodies = [json.loads(body) for _, body in seen]
    return sum(len(body["data"]["events"]) if body["type"] == "events" else 1 for body in bodies)


def changes(client):
    user = client.expect(201, "POST", "/Users", {"schemas": [USER], "userName": "jane", "displayName": "Jané ✓ 🙂", "active": True})
    bob = {"schemas": [USER], "userName": "bob", "active": True, "emails": [{"value": "Bob@Example.com", "primary": True}]}
    other = client.expect(201, "POST", "/Users", bob)
    group = {"schemas": [GROUP], "displayName": "Vertrieb & Übersee", "members": [{"value": user["id"]}]}
    group = client.expect(201, "POST", "/Groups", group)
    off = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]}
    client.send("PATCH", f"/Users/{user['id']}", off)
    add = {"op": "add", "path": "members", "value": [{"value": other["id"]}]}
    client.send("PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH], "Operations": [add]})
    client.expect(204, "DELETE", f"/Users/{user['id']}")


def python(secret, deliveries):
    webhook = Webhook(secret)
    for body in sorted(deliveries.glob("*.body")):
        headers = dict(line.split(": ", 1) for line in body.with_suffix(".headers").read_text().splitlines())
        webhook.verify(body.read_bytes(), headers)
        try:
            webhook.verify(body.read_bytes() + b" ", headers)
        except WebhookVerificationError:
            continue
        raise AssertionError("a changed body was accepted")


def javascript(packages):
    program = shutil.copy(HERE / "verify/verify.mjs", packages)
    return ["node", program], {}


def golang():
    return ["go", "run", "."], {"cwd": HERE / "verify/go"}


def jvm(target):
    """Builds the program for Java and returns its command."""
    target = pathlib.Path(target).resolve()
    command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", HERE / "verify/java/pom.xml", "compile"]
    command += [f"-Dmaven.repo.local={target / 'repository'}", f"-Dbuilt={target / 'verify'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    classes = (target / "verify/class-path").read_text().strip()
    return ["java", "-cp", f"{target / 'verify/classes'}:{classes}", "verify.Verify"], {}


main(*sys.argv[1:])
