"""Checks that the admin API's description is valid OpenAPI 3.1 and that its answers match it.

usage: openapi.py BINARY

Calls every operation once, in an order in which the data it needs exists, and once with an unknown id. Each answer must be
described, and its body must match the schema.
"""

import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from stack import GROUP, USER, Client, Stack, folder

JSON = "application/json"
PROBLEM = "application/problem+json"
NOTHING = "2819c223-7f76-453a-919d-413861904646"
# Operations that create data for the others, and operations that delete it.
FIRST = [
    "createTenant",
    "turnTenantOn",
    "preloadUsers",
    "createKey",
    "createLink",
    "createAdminKey",
    "createDestination",
]
LAST = [
    "eraseUser",
    "revokeLink",
    "revokeKey",
    "revokeAdminKey",
    "deleteDestination",
    "turnTenantOff",
    "deleteTenant",
]
# Operations that create an object, with the path variable of its id.
MADE = {
    "createKey": "key",
    "createLink": "link",
    "createAdminKey": "adminKey",
    "createDestination": "destination",
}


class Admin(Client):
    """A client of the admin API."""

    media_types = (JSON, PROBLEM, "text/csv; charset=utf-8; header=present")


def bodies(name):
    """The request body of an operation."""
    user = {"schemas": [USER], "userName": "old@example.com"}
    return {
        "createTenant": {"id": "globex", "name": "Globex", "settings": {"adopt": "link", "seats": 9}},
        "changeTenant": {"name": "Globex Corporation", "settings": {"rate": 50}},
        "createKey": {"purpose": "Okta", "expires": "2099-01-31T12:00:00Z", "sources": ["127.0.0.0/8"]},
        "createAdminKey": {"purpose": "support desk", "scopes": ["read"]},
        "createLink": {"expiresInSeconds": 3600},
        # Nothing listens there, so a test of it is answered with the step that failed.
        "createDestination": {
            "name": "Application",
            "kind": "webhook",
            "url": "http://127.0.0.1:9/events",
            "types": ["user.*"],
            "tenants": "all",
        },
        "changeDestination": {"name": "Our application", "batch": 10},
        "verifyPassword": {"userName": "ann@example.com", "password": "correct horse"},
        "preloadUsers": {"users": [user]},
    }.get(name, {})


class Description:
    """The document and its descriptions of answers."""

    def __init__(self, document):
        validate(document)
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self.document = document
        self.registry = Registry().with_resource("urn:description", resource)
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "put", "patch", "delete")
        }

    def resolve(self, *parts):
        """The element at a path of the document and its path, after following references."""
        while True:
            thing = self.document
            for part in parts:
                thing = thing[part]
            if "$ref" not in thing:
                return thing, parts
            parts = tuple(thing["$ref"].removeprefix("#/").split("/"))

    def check(self, name, status, media_type, body):
        """Asserts that an answer is described and matches; returns whether it has a schema."""
        method, path, operation = self.operations[name]
        code = str(status) if str(status) in operation["responses"] else "default"
        assert code != "default" or status >= 400, f"{name}: {status} is not described"
        described, place = self.resolve("paths", path, method, "responses", code)
        content = described.get("content", {})
        if body is None:
            assert not content, f"{name}: {status} has no body, but the description has one"
            return False
        kind = media_type.split(";")[0]
        assert kind in content, f"{name}: {status} is {kind}, which is not described"
        if "schema" not in content[kind]:
            return False
        parts = [part.replace("~", "~0").replace("/", "~1") for part in (*place, "content", kind, "schema")]
        schema = {"$ref": "urn:description#/" + "/".join(parts)}
        faults = list(Draft202012Validator(schema, registry=self.registry).iter_errors(body))
        assert not faults, f"{name}: {status}: {faults[0].json_path}: {faults[0].message}"
        return True


def fill(client, ids):
    """Creates a user with a password and a group, and sends a request that is rejected."""
    user = {"schemas": [USER], "userName": "ann@example.com", "password": "correct horse", "active": True}
    ids["user"] = client.expect(201, "POST", "/Users", user)["id"]
    group = {"schemas": [GROUP], "displayName": "Sales", "members": [{"value": ids["user"]}]}
    ids["group"] = client.expect(201, "POST", "/Groups", group)["id"]
    client.expect(409, "POST", "/Users", user)


def main(binary):
    """Calls every operation."""
    with folder() as path, Stack(binary, path, "--memory") as stack:
        console, key = stack.console
        admin = Admin(console.removesuffix("/console") + "/admin/v1", key)
        description = Description(admin.expect(200, "GET", "/openapi.json"))
        fitting = 0

        def call(name, ids):
            nonlocal fitting
            method, path, _ = description.operations[name]
            for variable, value in ids.items():
                path = path.replace("{" + variable + "}", value)
            body = bodies(name) if method in ("post", "patch") else None
            status, headers, answer = admin.send(method.upper(), path, body, media_type=JSON)
            fitting += description.check(name, status, headers.get("Content-Type", ""), answer)
            return status, answer

        ids = {"tenant": "globex"}
        between = [name for name in description.operations if name not in FIRST + LAST]
        for name in FIRST + between + LAST:
            status, answer = call(name, ids | ({"key": ids["adminKey"]} if name == "revokeAdminKey" else {}))
            assert status < 300, (name, status, answer)
            if name in MADE:
                ids[MADE[name]] = answer["id"]
            if name == "turnTenantOn":
                fill(Client(answer["baseUrl"], answer["key"]["token"]), ids)

        nothing = dict.fromkeys(("key", "link", "user", "group", "destination"), NOTHING) | {"tenant": "nobody-there"}
        for name in (name for name, (_, path, _) in description.operations.items() if "{" in path):
            status, answer = call(name, nothing)
            assert status == 404, (name, status, answer)
    print(f"{len(description.operations)} operations, {fitting} answers match their schemas")


if __name__ == "__main__":
    main(*sys.argv[1:])
