"""Checks that every answered write survives a restart of the local stack on the same folder.

usage: restart.py BINARY
"""

import concurrent.futures
import http.client
import signal
import sys
import threading
import urllib.error

from stack import GROUP, PATCH, USER, Client, Stack, folder, token

WRITERS = 4
BEFORE_THE_END = 40


def main(binary):
    """Runs the stack on one folder three times: stopped by SIGTERM, stopped by Ctrl-C, and read."""
    key = token()
    with folder() as path:
        data = ["--data", f"{path}/data"]
        with Stack(binary, path, *data) as stack:
            base, demo = stack.tenants["acme"]
            group, kept = fill(Client(base, demo))
            written = end_while_writing(stack, Client(base, demo), signal.SIGTERM, "a")
        with Stack(binary, path, *data, "--tenant", f"acme={key}") as stack:
            client = Client(stack.tenants["acme"][0], demo)
            check(client, group, kept, written)
            # Both the first issued token and the later imported one are valid.
            client.key = key
            check(client, group, kept, written)
            written += end_while_writing(stack, client, signal.SIGINT, "b")
        with Stack(binary, path, *data, "--tenant", f"acme={key}") as stack:
            check(Client(stack.tenants["acme"][0], key), group, kept, written)
    print(f"{len(written)} users, a group and two tokens survived SIGTERM and Ctrl-C during writes")


def fill(client):
    """Creates a user in a group and returns the final group and the user's id."""
    user = client.expect(201, "POST", "/Users", {"schemas": [USER], "userName": "babs", "active": True})
    group = client.expect(201, "POST", "/Groups", {"schemas": [GROUP], "displayName": "Tour Guides"})
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    client.expect(204, "PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH], "Operations": [add]})
    return client.expect(200, "GET", f"/Groups/{group['id']}"), user["id"]


def end_while_writing(stack, client, with_signal, prefix):
    """Stops the stack during writes and returns the names of the users whose creation was answered."""
    enough, answered = threading.Event(), []

    def write(writer):
        for number in range(10_000):
            name = f"{prefix}-{writer}-{number}"
            try:
                status, _, body = client.send("POST", "/Users", {"schemas": [USER], "userName": name})
            except (urllib.error.URLError, http.client.HTTPException, ConnectionError):
                return
            assert status == 201, (status, body)
            answered.append(name)
            if len(answered) >= BEFORE_THE_END:
                enough.set()

    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        try:
            assert enough.wait(60), f"only {len(answered)} writes in a minute"
            assert stack.stop(with_signal) == 0, f"{with_signal!r}: {stack.child.returncode}"
        finally:
            stack.end()
        for writer in writers:
            writer.result()
    return answered


def check(client, group, user, names):
    """Checks that every answered write is stored exactly once."""
    now = client.expect(200, "GET", f"/Groups/{group['id']}")
    moved = [dict(value, meta=None, members=None) for value in (now, group)]
    assert moved[0] == moved[1], (now, group)
    assert [member["value"] for member in now["members"]] == [user], now
    assert client.expect(200, "GET", f"/Users/{user}")["groups"][0]["value"] == group["id"]
    found, start = [], 1
    while True:
        page = client.expect(200, "GET", "/Users", startIndex=start, count=100)
        found += [resource["userName"] for resource in page.get("Resources", [])]
        start += 100
        if start > page["totalResults"]:
            break
    assert len(found) == len(set(found)) == page["totalResults"], (len(found), page["totalResults"])
    lost = set(names) - set(found)
    assert not lost, f"lost: {sorted(lost)}"
    # A write whose answer was lost may be stored; nothing else may.
    more = set(found) - set(names) - {"babs"}
    assert len(more) <= 2 * WRITERS, more
    for name in names[:1] + names[-1:]:
        answer = client.expect(200, "GET", "/Users", filter=f'userName eq "{name}"')
        assert answer["totalResults"] == 1, answer


main(*sys.argv[1:])
