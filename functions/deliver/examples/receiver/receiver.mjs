// Keeps the users, groups and memberships of one tenant in SQLite, by webhooks. Packages: standardwebhooks, better-sqlite3.
//
// usage: WEBHOOK_SECRET=whsec_… SCIM_BASE=https://…/scim/v2 SCIM_TOKEN=… node receiver.mjs FILE.sqlite PORT

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Database from "better-sqlite3";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const db = new Database(process.argv[2]);
db.exec(readFileSync(new URL("tables.sql", import.meta.url), "utf8"));
const run = (sql, ...values) => db.prepare(sql).run(...values);

class Gap extends Error {} // events are missing; they come again if this one is refused

// What must be read by SCIM for these events. Reading waits, and a transaction of better-sqlite3 must not.
async function readings(events) {
  const read = new Map();
  const ask = async (path) => read.set(path, await scim(path));
  const mine = db.prepare("SELECT position FROM feed").get()?.position;
  for (const { type, data, previous, position } of events) {
    if (position <= mine || type === "test.event") continue;
    if (type.startsWith("directory.") || (mine === undefined && previous > 0)) read.set("snapshot", await snapshot());
    if (data.members?.unknown) await ask(`/Groups/${data.id}`);
    if (data.truncated) await ask(`/${type.startsWith("user.") ? "Users" : "Groups"}/${data.id}`);
  }
  return read;
}

function apply({ type, data, position, previous }, read) {
  const [family, what] = type.split(".");
  const mine = db.prepare("SELECT position FROM feed").get()?.position;
  if (type === "test.event" || position <= mine) return; // seen
  if (previous > mine) throw new Gap(`${mine} is the last position here, ${previous} there`);
  if (family === "directory" || (mine === undefined && previous > 0)) {
    db.exec("DELETE FROM users; DELETE FROM groups; DELETE FROM members;");
    for (const [kind, resource] of read.get("snapshot")) {
      save(kind, resource, Number(resource.meta.version.match(/\d+/)[0]), true);
      changeMembers(resource.id, { added: resource.members }, read);
    }
  } else if (what === "deleted" && (family === "user" || family === "group")) {
    run(`DELETE FROM ${family}s WHERE id = ?`, data.id);
    run("DELETE FROM members WHERE ? IN (group_id, member_id)", data.id);
  } else if (family === "user" || family === "group") {
    const resource = data.resource ?? read.get(`/${family === "user" ? "Users" : "Groups"}/${data.id}`);
    save(family, resource, data.version, !data.deleted);
    changeMembers(data.id, data.members ?? {}, read);
  }
  run("INSERT INTO feed VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET position = excluded.position", position);
}

function save(family, resource, version, isLive) {
  run(`INSERT INTO ${family}s VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version,
    name = excluded.name, active = excluded.active, live = excluded.live WHERE excluded.version >= version`,
    resource.id, version, resource.userName ?? resource.displayName, Number(resource.active ?? true), Number(isLive));
  run("UPDATE members SET early = 0 WHERE member_id = ?", resource.id); // it was held back until now
}

function changeMembers(group, { added = [], removed = [], early = [], unknown = false }, read) {
  for (const { value } of removed) run("DELETE FROM members WHERE group_id = ? AND member_id = ?", group, value);
  if (unknown) run("DELETE FROM members WHERE group_id = ?", group);
  for (const { value } of unknown ? (read.get(`/Groups/${group}`).members ?? []) : added) {
    run("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", group, value, Number(early.some((one) => one.value === value)));
  }
}

async function snapshot() {
  const all = [];
  for (const [family, path] of [["user", "/Users"], ["group", "/Groups"]]) {
    for (let start = 1, total = 1; start <= total; start += 100) {
      const page = await scim(`${path}?startIndex=${start}&count=100`);
      total = page.totalResults;
      all.push(...(page.Resources ?? []).map((resource) => [family, resource]));
    }
  }
  return all;
}

async function scim(path) {
  const answer = await fetch(process.env.SCIM_BASE + path, { headers: { authorization: `Bearer ${process.env.SCIM_TOKEN}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function receive(request) {
  const chunks = await request.toArray();
  const message = webhook.verify(Buffer.concat(chunks).toString("utf8"), request.headers);
  const events = message.type === "events" ? message.data.events : [message];
  const read = await readings(events);
  db.transaction(() => events.forEach((event) => apply(event, read))).immediate();
}

let last = Promise.resolve(); // one request after the other
createServer((request, response) => {
  last = last.then(() => receive(request)).then(
    () => response.writeHead(204).end(),
    (error) => {
      const status = error instanceof WebhookVerificationError ? 401 : error instanceof Gap ? 409 : 500;
      response.writeHead(status).end(String(error)); // nothing is acknowledged that is not stored: it comes again
    },
  );
}).listen(Number(process.argv[3]), "127.0.0.1");
