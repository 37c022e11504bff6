// Starts the program, and a SCIM client of it.
import { spawn } from "node:child_process";

/** Starts the program and waits until it is ready. */
export async function start(program) {
  const child = spawn(program, ["--memory", "--at-once", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  const [address, key] = await new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`the program exited with ${code}: ${said}`)));
    child.stdout.on("data", (part) => {
      said += part;
      const ready = said.match(/^ready (\S+)$/m);
      const console = said.match(/^console \S+ (\S+)$/m);
      if (ready && console) resolve([ready[1], console[1]]);
    });
  });
  return {
    address,
    key,
    async end() {
      child.kill("SIGINT");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A SCIM client. */
export class Client {
  constructor(base, token) {
    this.base = base;
    this.token = token;
  }

  async send(method, path, body) {
    const answer = await fetch(this.base + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/scim+json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  create(userName, email) {
    return this.send("POST", "/Users", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName,
      name: { givenName: "Ada", familyName: userName.split("@")[0] },
      emails: [{ value: email ?? userName, type: "work", primary: true }],
      active: true,
    });
  }
}
