"""Checks that `cargo lambda watch` serves the functions' binaries on one port and `cargo lambda invoke` calls one.

It starts the stand-ins of DynamoDB and Secrets Manager with `local services`. `cargo build` has already compiled the binaries
with the same profile, so the first request to a function only starts it.

usage: watch.py BINARY, in the workspace, with cargo-lambda on the PATH
"""

import json
import pathlib
import socket
import subprocess
import sys
import time

from stack import GROUP, PATCH, USER, Client, Process, Vendor, folder

EVENT = pathlib.Path("functions/scim/events/list-users.json")
BEHIND = sorted(pathlib.Path("functions/events/events").glob("*.json"))
PLACEHOLDER = "REPLACE-WITH-A-TOKEN"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
# Timeout for the start of a function: its cargo may have to wait for another one.
SLOW = 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(binary):
    with folder() as path:
        services = Process(
            [binary, "services", "--memory", "--dynamodb-port", "0", "--secrets-port", "0"], path, "services"
        )
        with services:
            key, admin_key, lines = services.wait_for(keys)
            port = free_port()
            public = f"http://127.0.0.1:{port}"
            environment = pathlib.Path(path, "environment")
            environment.write_text("\n".join([*lines, f"MUSTER_PUBLIC_URL={public}", ""]))
            command = ["cargo", "lambda", "watch", "--locked", "-A", "127.0.0.1", "-P", str(port), "--disable-cors"]
            with Process([*command, "--env-file", str(environment)], path, "watch") as watch:
                wait_for_port(watch, port)
                requests = Counted(f"{public}/acme/scim/v2", key, SLOW)
                conversation(requests, f"{public}/acme/scim/v2")
                refusals(requests, public)
                vendor(Vendor(f"{public}/admin/v1", admin_key, SLOW), f"{public}/admin/v1")
                invoke(port, key, path)
                invoke_behind(port)
    print(f"{requests.count} requests to scim and admin, 2 invocations of scim, {len(BEHIND)} of events")


def keys(lines):
    """The token, the admin key and the environment once all are printed, else False."""
    found = [line for line in lines if line.startswith(("# tenant acme, token ", "# admin key "))]
    return len(found) == 2 and (
        *(line.rsplit(" ", 1)[1] for line in found),
        [line for line in lines if not line.startswith("#")],
    )


def wait_for_port(process, port):
    deadline = time.monotonic() + 60
    while True:
        assert process.child.poll() is None, f"it exited with {process.child.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "no process listens on the port"
            time.sleep(0.1)


class Counted(Client):
    count = 0

    def send(self, *arguments, **options):
        self.count += 1
        return super().send(*arguments, **options)


def conversation(client, base):
    """Provisions users and a group in both media types, and reads discovery."""
    body = {"schemas": [USER], "userName": "jane.doe@example.com", "displayName": "Jané ✓", "active": True}
    status, headers, user = client.send("POST", "/Users", body)
    assert status == 201, (status, user)
    assert headers["Location"] == user["meta"]["location"] == f"{base}/Users/{user['id']}", (dict(headers), user)
    assert user["displayName"] == "Jané ✓", user
    plain = client.expect(201, "POST", "/Users", {**body, "userName": "plain"}, media_type="application/json")
    assert client.expect(200, "GET", f"/Users/{user['id']}") == user
    found = client.expect(200, "GET", "/Users", filter='userName eq "JANE.DOE@example.com"')
    assert found["totalResults"] == 1 and found["Resources"] == [user], found
    assert client.expect(200, "GET", "/Users", filter='userName eq "nobody"')["totalResults"] == 0
    assert client.expect(409, "POST", "/Users", body)["scimType"] == "uniqueness"

    members = [{"value": user["id"]}, {"value": plain["id"]}]
    group = client.expect(201, "POST", "/Groups", {"schemas": [GROUP], "displayName": "Guides", "members": members})
    assert group["meta"]["location"] == f"{base}/Groups/{group['id']}", group
    remove = {"op": "remove", "path": f'members[value eq "{plain["id"]}"]'}
    client.expect(204, "PATCH", f"/Groups/{group['id']}", {"schemas": [PATCH], "Operations": [remove]})
    group = client.expect(200, "GET", f"/Groups/{group['id']}")
    assert [member["value"] for member in group["members"]] == [user["id"]], group
    assert [of["value"] for of in client.expect(200, "GET", f"/Users/{user['id']}")["groups"]] == [group["id"]]
    other_id = {"op": "replace", "path": "id", "value": "other"}
    answer = client.expect(400, "PATCH", f"/Users/{user['id']}", {"schemas": [PATCH], "Operations": [other_id]})
    assert answer["scimType"] == "mutability", answer
    # No route matches an empty segment: the function behind the catch-all serves these.
    assert client.expect(200, "GET", f"//Users//{plain['id']}/")["id"] == plain["id"]
    assert client.expect(200, "GET", "//Groups/")["totalResults"] == 1
    client.expect(409, "POST", "//Users", body)
    client.expect(204, "DELETE", f"/Users/{plain['id']}")
    client.expect(404, "GET", f"/Users/{plain['id']}")
    client.expect(200, "PUT", f"/Users/{user['id']}", {**body, "active": False})

    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "new", "data": {**body, "userName": "in.bulk"}},
        {"method": "POST", "path": "/Groups", "bulkId": "team", "data": {
            "schemas": [GROUP], "displayName": "Team", "members": [{"value": "bulkId:new"}]}},
    ]
    done = client.expect(200, "POST", "/Bulk", {"schemas": [BULK], "Operations": operations})
    assert [each["status"] for each in done["Operations"]] == ["201", "201"], done
    everything = client.expect(200, "POST", "/.search", {"schemas": [SEARCH], "cursor": "", "count": 3})
    assert everything["totalResults"] == 4 and len(everything["Resources"]) == 3, everything
    rest = client.expect(200, "GET", "", cursor=everything["nextCursor"])
    assert len(rest["Resources"]) == 1 and "nextCursor" not in rest, rest

    assert client.expect(200, "GET", "/ServiceProviderConfig")["patch"]["supported"] is True
    types = client.expect(200, "GET", "/ResourceTypes")["Resources"]
    assert {kind["name"] for kind in types} == {"User", "Group"}, types
    assert client.expect(200, "GET", f"/Schemas/{USER}")["id"] == USER
    client.expect(501, "GET", "/Me")


def refusals(client, public):
    """Checks that every rejection is a SCIM error, also on paths without a route."""
    for path in ("/Users", "/Groups", "/Schemas", "/nope"):
        client.key, key = None, client.key
        client.expect(401, "GET", path)
        client.key = key
    for method, path in (("GET", "/nope"), ("GET", "/Users/a/b"), ("POST", "/nope/.search")):
        client.expect(404, method, path)
    client.expect(405, "PUT", "/Users", {})
    client.expect(405, "DELETE", "/Schemas")
    assert client.expect(400, "POST", "/Users", {"schemas": [USER]})["scimType"] == "invalidValue"
    assert client.expect(400, "GET", "/Users", filter="userName eq")["scimType"] == "invalidFilter"
    client.base, base = public, client.base
    for path in ("/", "/acme", "/acme/", "/acme/nope", "/other/scim/v2/Users"):
        status, _, answer = client.send("GET", path)
        assert status in (401, 404) and answer["status"] == str(status), (path, status, answer)
    client.base = base


def vendor(client, base):
    """Checks the function admin on its greedy routes."""
    assert client.expect(200, "GET", "")["key"]["id"] == "first"
    users = client.expect(200, "GET", "/tenants/acme/users", search="jane")
    assert users["totalResults"] == 1, users
    assert client.expect(404, "GET", "/nope")["type"] == "urn:muster:problem:not-found"
    client.key = None
    described = client.expect(200, "GET", "/openapi.json")
    assert described["servers"] == [{"url": base}], described["servers"]
    client.expect(401, "GET", "/tenants/acme/users")


def invoke(port, key, path):
    """The event of functions/README.md: with the placeholder it is rejected, with a token it finds the user."""
    event = EVENT.read_text()
    assert event.count(PLACEHOLDER) == 1
    with_token = pathlib.Path(path, "event.json")
    with_token.write_text(event.replace(PLACEHOLDER, key))
    for file, status in ((EVENT, 401), (with_token, 200)):
        answer = call(port, "scim", file)
        body = json.loads(answer["body"])
        assert answer["statusCode"] == status, answer
        if status == 200:
            assert [found["userName"] for found in body["Resources"]] == ["jane.doe@example.com"], body
        else:
            assert body["status"] == str(status), body


def invoke_behind(port):
    """Invokes events, which has no route and is invoked by a stream and schedules."""
    assert BEHIND
    for file in BEHIND:
        answer = call(port, "events", file)
        assert answer == {"batchItemFailures": []}, (file, answer)


def call(port, function, file):
    command = ["cargo", "lambda", "invoke", function, "-A", "127.0.0.1", "-P", str(port), "--data-file", str(file)]
    done = subprocess.run(
        [*command, "--output-format", "json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SLOW,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


main(*sys.argv[1:])
