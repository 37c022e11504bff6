// Verifies every delivery of a folder: NN.body with NN.headers. usage: verify.mjs SECRET FOLDER
import { readFileSync, readdirSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const [secret, folder] = process.argv.slice(2);
const webhook = new Webhook(secret);
const names = readdirSync(folder).filter((name) => name.endsWith(".body"));
for (const name of names) {
  const body = readFileSync(`${folder}/${name}`, "utf8");
  const lines = readFileSync(`${folder}/${name.replace(".body", ".headers")}`, "utf8").trim().split("\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(": ", 2)));
  webhook.verify(body, headers);
  let accepted = true;
  try {
    webhook.verify(`${body} `, headers);
  } catch {
    accepted = false;
  }
  if (accepted) throw new Error("a changed body was accepted");
}
console.log(names.length);
