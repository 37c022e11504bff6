"""Lets a SCIM client make a thousand changes, which reach two applications as signed webhooks: the receivers in
functions/deliver/examples/receiver, in Python with single events and in Node with batches. Both must have what SCIM shows.

usage: receivers.py BINARY [FOLDER], in the environment with the packages of webhooks.txt; FOLDER has the packages for Node
"""

import os
import pathlib
import random
import shutil
import socket
import sqlite3
import sys
import time

from stack import GROUP, PATCH, USER, Client, Process, Stack, Vendor, folder

CHANGES = 1000
RECEIVERS = pathlib.Path(__file__).parent.parent.parent / "functions/deliver/examples/receiver"
# What forwards events to the receivers. With destinations, this is one request to the admin API for each.
FORWARD = ["listen", "--tenant", "acme", "--after", "0"]


def main(binary, packages=None):
    with folder() as path:
        for name in ("receiver.py", "receiver.mjs", "tables.sql"):
            shutil.copy(RECEIVERS / name, path)
        commands = {"python": ([sys.executable, f"{path}/receiver.py"], 1)}
        if packages:
            pathlib.Path(path, "node_modules").symlink_to(pathlib.Path(packages, "node_modules").resolve())
            commands["node"] = (["node", f"{path}/receiver.mjs"], 100)
        with Stack(binary, path, "--data", f"{path}/data") as stack:
            base, key = stack.tenants["acme"]
            client = Client(base, key)
            vendor = Vendor(stack.console[0].replace("/console", "/admin/v1"), stack.console[1])
            running = [Receiver(name, command, batch, path, binary, base, key) for name, (command, batch) in commands.items()]
            try:
                provision(client, random.Random(7))
                for receiver in running:
                    receiver.compare(client)
                    receiver.compare_position(vendor)
            finally:
                for receiver in running:
                    receiver.end()
    done = " and ".join(commands)
    print(f"{CHANGES} changes reached {done}: users, groups and members are those of SCIM")


class Receiver:
    """A receiver with its own database, and what forwards the events to it."""

    def __init__(self, name, command, batch, path, binary, base, key):
        self.name, self.file = name, f"{path}/{name}.sqlite"
        data = ["--data", f"{path}/data"]
        port = free_port()
        url = f"http://127.0.0.1:{port}/webhooks"
        self.listen = Process([binary, *FORWARD, *data, "--batch", str(batch), "--forward-to", url], path, f"{name}-listen")
        environment = {**os.environ, "WEBHOOK_SECRET": self.secret(), "SCIM_BASE": base, "SCIM_TOKEN": key}
        self.process = Process([*command, self.file, str(port)], path, name, env=environment)

    def secret(self):
        """The secret that `listen` prints before anything else."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for word in self.listen.paths[1].read_text().split():
                if word.startswith("whsec_") and len(word) == 38:
                    return word
            time.sleep(0.05)
        raise AssertionError(self.listen.paths[1].read_text())

    def rows(self, query):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as db:
            try:
                return db.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    def tail(self):
        return [path.read_text()[-2000:] for path in (*self.listen.paths, *self.process.paths)]

    def compare(self, client):
        """Waits until the tables are equal to what SCIM shows."""
        expected = shown(client)
        assert all(expected), expected
        deadline = time.monotonic() + 120
        while (mine := self.stored()) != expected:
            if time.monotonic() > deadline:
                differ = [one ^ other for one, other in zip(mine, expected)]
                raise AssertionError((self.name, differ, self.tail()))
            time.sleep(0.5)

    def stored(self):
        """Users, groups and members in the receiver's tables."""
        users = {(one, name, bool(active)) for one, name, active in self.rows("SELECT id, name, active FROM users WHERE live")}
        groups = set(self.rows("SELECT id, name FROM groups"))
        return users, groups, set(self.rows("SELECT group_id, member_id FROM current_members"))

    def compare_position(self, vendor):
        """The last event of the feed is the last one applied."""
        page = vendor.expect(200, "GET", "/tenants/acme/events", limit=1)
        assert self.rows("SELECT position FROM feed") == [(page["head"],)], (self.name, page, self.tail())

    def end(self):
        self.listen.end()
        self.process.end()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shown(client):
    """Users, groups and members as SCIM shows them."""
    users = {(each["id"], each["userName"], each["active"]) for each in all_of(client, "/Users")}
    groups = all_of(client, "/Groups")
    members = {(group["id"], member["value"]) for group in groups for member in group.get("members", [])}
    return users, {(group["id"], group["displayName"]) for group in groups}, members


def all_of(client, path):
    found, start = [], 1
    while True:
        page = client.expect(200, "GET", path, startIndex=start, count=100)
        found += page.get("Resources", [])
        start += 100
        if start > page["totalResults"]:
            return found


def provision(client, chance):
    """Makes changes of all kinds: creations, updates, deactivations, members who join and leave, deletions."""
    users, groups = [], []

    def patch(path, *operations):
        status, _, answer = client.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})
        assert status in (200, 204), (path, operations, answer)

    for number in range(CHANGES):
        act = chance.random()
        if act < 0.35 or len(users) < 5:
            body = {"schemas": [USER], "userName": f"user-{number}@example.com", "active": True}
            users.append(client.expect(201, "POST", "/Users", body)["id"])
        elif act < 0.4 or len(groups) < 3:
            members = [{"value": one} for one in chance.sample(users, 3)]
            body = {"schemas": [GROUP], "displayName": f"Group {number}", "members": members}
            groups.append(client.expect(201, "POST", "/Groups", body)["id"])
        elif act < 0.55:
            patch(f"/Users/{chance.choice(users)}", {"op": "replace", "value": {"active": chance.random() < 0.5}})
        elif act < 0.65:
            patch(f"/Users/{chance.choice(users)}", {"op": "replace", "path": "userName", "value": f"renamed-{number}"})
        elif act < 0.7:
            patch(f"/Groups/{chance.choice(groups)}", {"op": "replace", "path": "displayName", "value": f"Renamed {number}"})
        elif act < 0.82:
            value = [{"value": one} for one in chance.sample(users, 2)]
            patch(f"/Groups/{chance.choice(groups)}", {"op": "add", "path": "members", "value": value})
        elif act < 0.92:
            path = f'members[value eq "{chance.choice(users)}"]'
            patch(f"/Groups/{chance.choice(groups)}", {"op": "remove", "path": path})
        elif act < 0.98:
            client.expect(204, "DELETE", f"/Users/{users.pop(chance.randrange(len(users)))}")
        elif len(groups) > 3:
            client.expect(204, "DELETE", f"/Groups/{groups.pop(chance.randrange(len(groups)))}")


main(*sys.argv[1:])
