"""Provisions users and a group with scim2-cli, a third-party client.

usage: scim_cli.py BINARY
"""

import json
import os
import subprocess
import sys

from stack import ERROR, GROUP, USER, Stack, folder, token

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCIM2 = os.path.join(os.path.dirname(sys.executable), "scim2")


class Cli:
    """The command line client for one tenant."""

    def __init__(self, base, key):
        # Settings of the user's own environment must not affect this client.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCIM_CLI_")}
        self.environment = environment | {
            "SCIM_CLI_URL": base,
            "SCIM_CLI_HEADERS": f"Authorization: Bearer {key}",
            "NO_PROXY": "127.0.0.1",
        }
        self.base, self.runs, self.said = base, 0, ""

    def run(self, *arguments, code=0):
        """Runs one command and returns what it printed as JSON."""
        self.runs += 1
        done = subprocess.run(
            [SCIM2, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, f"scim2 {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.said = done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, status, scim_type, *arguments):
        """Runs a command that must be rejected."""
        answer = self.run(*arguments, code=1)
        assert answer and answer["schemas"] == [ERROR], (arguments, answer, self.said)
        assert (answer["status"], answer.get("scimType")) == (str(status), scim_type), answer

    def names(self, total, kind, attribute, expression):
        """The values of an attribute in the results of a filter."""
        answer = self.run("query", kind, "--filter", expression)
        assert answer["totalResults"] == total, (expression, answer)
        return sorted(resource[attribute] for resource in answer.get("Resources", []))


def users(cli):
    """Creates, reads, finds, replaces and changes users. Returns their ids."""
    emails = [{"value": "babs@example.com", "type": "work", "primary": True}, {"value": "b@home.example"}]
    created = cli.run(
        *("create", "user", "--user-name", "bjensen", "--display-name", "Babs", "--active", "true"),
        *("--name", '{"givenName": "Barbara", "familyName": "Jensen"}', "--password", "t1meMa$heen"),
        *("--emails", json.dumps(emails)),
    )
    user = created["id"]
    assert created["userName"] == "bjensen" and created["active"] is True and "password" not in created, created
    assert created["emails"] == emails, created
    assert created["meta"]["location"] == f"{cli.base}/Users/{user}", created
    assert created["meta"]["resourceType"] == "User" and created["schemas"] == [USER], created
    assert cli.run("query", "user", user) == created
    cli.refused(409, "uniqueness", "create", "user", "--user-name", "BJensen")

    other = cli.run("create", "user", "--user-name", "asmith", "--active", "false")["id"]
    for total, expression in (
        (1, 'userName eq "BJENSEN"'),
        (1, 'emails[type eq "work" and value co "@example.com"]'),
        (1, 'name.familyName sw "Jen" and active eq true'),
        (0, 'userName eq "nobody"'),
        (0, 'not (userName pr)'),
    ):
        assert cli.names(total, "user", "userName", expression) == ["bjensen"] * total
    assert cli.names(2, "user", "userName", 'userName co "s"') == ["asmith", "bjensen"]
    pages = [cli.run("query", "user", "--start-index", start, "--count", "1") for start in ("1", "2")]
    assert all(page["totalResults"] == 2 and page["itemsPerPage"] == 1 for page in pages), pages
    assert {page["Resources"][0]["id"] for page in pages} == {user, other}, pages
    only = cli.run("query", "user", user, "--attribute", "name.givenName")
    # The client fills `meta.version` from the ETag header.
    assert {name for name in only if name not in ("schemas", "meta")} == {"id", "name"}, only
    assert set(only["meta"]) == {"version"}, only
    assert only["name"] == {"givenName": "Barbara"}, only

    replaced = cli.run("replace", "user", "--id", user, "--user-name", "bjensen", "--title", "Guide")
    assert replaced["title"] == "Guide" and "displayName" not in replaced and "emails" not in replaced, replaced
    assert replaced["meta"]["created"] == created["meta"]["created"], replaced
    changed = cli.run(
        *("modify", "user", user, "replace", "active", "false", "add", "emails", json.dumps(emails)),
        *("replace", 'emails[type eq "work"].value', "barbara@example.com", "remove", "title"),
        *("add", f"{ENTERPRISE}:department", "Tours"),
    )
    assert changed["active"] is False and "title" not in changed, changed
    assert [email["value"] for email in changed["emails"]] == ["barbara@example.com", "b@home.example"], changed
    assert changed[ENTERPRISE] == {"department": "Tours"}, changed
    assert changed["meta"]["version"] != replaced["meta"]["version"], changed
    assert cli.run("query", "user", user) == changed
    assert cli.names(2, "user", "userName", "active eq false") == ["asmith", "bjensen"]
    return user, other


def groups(cli, user, other):
    """Creates and changes a group with members. Returns its id."""
    members = [{"value": user, "type": "User"}]
    created = cli.run("create", "group", "--display-name", "Tour Guides", "--members", json.dumps(members))
    group = created["id"]
    assert created["displayName"] == "Tour Guides" and created["schemas"] == [GROUP], created
    assert [member["value"] for member in created["members"]] == [user], created
    assert cli.run("query", "group", group) == created
    assert cli.names(1, "group", "displayName", 'displayName eq "tour guides"') == ["Tour Guides"]
    assert cli.names(1, "group", "displayName", f'members.value eq "{user}"') == ["Tour Guides"]
    assert cli.names(0, "group", "displayName", f'members.value eq "{other}"') == []
    # A PATCH of a group is answered without the group, which may be large.
    assert cli.run("modify", "group", group, "add", "members", json.dumps([{"value": other}])) is None
    added = cli.run("query", "group", group)
    assert {member["value"] for member in added["members"]} == {user, other}, added
    assert [of["value"] for of in cli.run("query", "user", other)["groups"]] == [group]
    cli.run("modify", "group", group, "remove", f'members[value eq "{other}"]', "replace", "displayName", "Guides")
    removed = cli.run("query", "group", group)
    assert [member["value"] for member in removed["members"]] == [user], removed
    assert "groups" not in cli.run("query", "user", other)
    assert [of["display"] for of in cli.run("query", "user", user)["groups"]] == ["Guides"]
    short = cli.run("query", "group", "--excluded-attribute", "members")["Resources"]
    assert [(found["displayName"], "members" in found) for found in short] == [("Guides", False)], short
    return group


def gone(cli, kind, identifier):
    """Deletes a resource and checks that it can no longer be read, deleted or changed."""
    assert cli.run("delete", kind, identifier) is None
    cli.refused(404, None, "query", kind, identifier)
    cli.refused(404, None, "delete", kind, identifier)
    cli.refused(404, None, "modify", kind, identifier, "replace", "displayName", "Back")


def main(binary):
    key = token()
    with folder() as path, Stack(binary, path, "--memory", "--tenant", f"kit={key}") as stack:
        cli = Cli(*stack.tenants["kit"])
        user, other = users(cli)
        group = groups(cli, user, other)
        gone(cli, "user", user)
        assert "members" not in cli.run("query", "group", group)
        gone(cli, "group", group)
        assert cli.names(0, "user", "userName", 'userName eq "bjensen"') == []
        assert cli.run("create", "user", "--user-name", "bjensen")["id"] != user
        # With an unknown token the client already fails at discovery.
        stranger = Cli(cli.base, token())
        assert stranger.run("query", "user", other, code=1) is None and "bearer token" in stranger.said, stranger.said
    print(f"{cli.runs} commands, a user and a group created, read, found, replaced, changed, deleted")


main(*sys.argv[1:])
