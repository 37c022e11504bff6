"""Keeps the users, groups and memberships of one tenant in SQLite, by webhooks. `standardwebhooks` is its only package.

usage: WEBHOOK_SECRET=whsec_… SCIM_BASE=https://…/scim/v2 SCIM_TOKEN=… python receiver.py FILE.sqlite PORT
"""

import json, os, sqlite3, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript(open(os.path.join(os.path.dirname(__file__), "tables.sql")).read())


class Gap(Exception):
    """Events between the last one applied and this one are missing. They come again if this one is refused."""


def apply(event):
    kind, data, (family, what) = event["type"], event["data"], event["type"].split(".")
    if kind == "test.event":
        return
    mine = db.execute("SELECT position FROM feed").fetchone()
    if mine and event["position"] <= mine[0]:
        return  # seen
    if mine and event["previous"] > mine[0]:
        raise Gap(f"{mine[0]} is the last position here, {event['previous']} there")
    if family == "directory" or (not mine and event["previous"]):
        snapshot()  # the events alone cannot tell, or the first one is not the first of the tenant
    elif what == "deleted":
        db.execute(f"DELETE FROM {family}s WHERE id = ?", (data["id"],))
        db.execute("DELETE FROM members WHERE ? IN (group_id, member_id)", (data["id"],))
    elif family in ("user", "group"):
        resource = data.get("resource") or scim(f"/{family.title()}s/{data['id']}")  # left out where it is too large
        save(family, resource, data["version"], not data.get("deleted"))
        change_members(data["id"], data.get("members", {}))
    db.execute("INSERT INTO feed VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET position = excluded.position", (event["position"],))


def save(family, resource, version, is_live=True):
    name = resource.get("userName") or resource.get("displayName")
    db.execute(f"""INSERT INTO {family}s VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version,
        name = excluded.name, active = excluded.active, live = excluded.live WHERE excluded.version >= version""",
        (resource["id"], version, name, resource.get("active", True), is_live))
    db.execute("UPDATE members SET early = 0 WHERE member_id = ?", (resource["id"],))  # it was held back until now


def change_members(group, members):
    for one in members.get("removed", []):
        db.execute("DELETE FROM members WHERE group_id = ? AND member_id = ?", (group, one["value"]))
    early = {one["value"] for one in members.get("early", [])}
    added = members.get("added", [])
    if members.get("unknown"):
        db.execute("DELETE FROM members WHERE group_id = ?", (group,))
        added = (scim(f"/Groups/{group}") or {}).get("members", [])
    for one in added:
        db.execute("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", (group, one["value"], one["value"] in early))


def snapshot():
    db.executescript("DELETE FROM users; DELETE FROM groups; DELETE FROM members;")
    for family in ("user", "group"):
        start, total = 1, 1
        while start <= total:
            page = scim(f"/{family.title()}s?startIndex={start}&count=100")
            start, total = start + 100, page["totalResults"]
            for resource in page.get("Resources", []):
                save(family, resource, int(resource["meta"]["version"].strip('W/"')))
                change_members(resource["id"], {"added": resource.get("members", [])})


def scim(path):
    request = urllib.request.Request(os.environ["SCIM_BASE"] + path, headers={"Authorization": "Bearer " + os.environ["SCIM_TOKEN"]})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, text = 204, ""
        try:
            message = webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
            db.execute("BEGIN IMMEDIATE")
            for event in message["data"]["events"] if message["type"] == "events" else [message]:
                apply(event)
            db.execute("COMMIT")
        except WebhookVerificationError as error:
            status, text = 401, str(error)
        except Exception as error:  # nothing is acknowledged that is not stored: it comes again
            status, text = 409 if isinstance(error, Gap) else 500, repr(error)
            if db.in_transaction:
                db.execute("ROLLBACK")
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
