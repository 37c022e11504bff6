// The customer's administrator, whose browser runs no scripts: from the setup link to a rejected user.
import assert from "node:assert/strict";
import { value } from "./browser.mjs";
import { Client } from "./program.mjs";

const HOME = "/console/setup/example";

export async function customer(walk) {
  const page = await walk.page({ javaScriptEnabled: false, acceptDownloads: true });
  walk.setup = page;
  let client;

  await walk.fact("the link shows a page with one button and can be viewed repeatedly", async () => {
    for (let time = 0; time < 2; time += 1) await page.goto(walk.facts.link);
    assert.equal(await page.getByRole("button").count(), 1);
    await page.getByRole("button", { name: "Open the setup page" }).click();
    await page.getByRole("heading", { name: "Provisioning for Example Corporation" }).waitFor();
    assert.ok(page.url().endsWith(HOME), page.url());
  });

  await walk.fact("the link can be opened once and says so the second time", async () => {
    const other = await walk.page();
    await other.goto(walk.facts.link);
    await other.getByRole("heading", { name: "This link was already opened" }).waitFor();
    await other.context().close();
  });

  await walk.fact("turning provisioning on shows the token once", async () => {
    await page.goto(HOME);
    await page.getByRole("button", { name: "Turn provisioning on" }).click();
    await page.getByRole("heading", { name: "Copy the token now" }).waitFor();
    client = new Client(await value(page, "base-url"), await value(page, "token"));
    assert.match(client.token, /^muster_/);
    await page.goto(HOME);
    assert.ok(!(await page.content()).includes(client.token));
    await page.getByText("No request from your identity provider yet").waitFor();
  });

  await walk.fact("a SCIM client creates users with the token, and they appear", async () => {
    for (const name of ["ada", "grace", "barbara"]) {
      const made = await client.create(`${name}@example.com`);
      assert.equal(made.status, 201, JSON.stringify(made.body));
    }
    await page.goto(HOME);
    const users = page.locator("dl.figures > div", { hasText: "Users" });
    assert.match(await users.innerText(), /Users\s+3/);
    await walk.console.goto("/console/tenants/example/users?search=gr");
    await walk.console.getByRole("link", { name: "grace@example.com" }).click();
    await walk.console.getByRole("heading", { name: "grace@example.com" }).waitFor();
  });

  await walk.fact("a rejected user appears with the reason and advice", async () => {
    const refused = await client.create("ADA@example.com");
    assert.equal(refused.status, 409);
    await page.goto(HOME);
    const row = page.getByRole("row").filter({ hasText: "ADA@example.com" });
    const told = await row.innerText();
    assert.match(told, /Create user/);
    assert.ok(told.length > 60, told);
    walk.facts.told = told;
  });

  await walk.fact("the failure log can be downloaded as CSV", async () => {
    await page.goto(`${HOME}/requests`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download CSV" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "example-requests.csv");
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    const file = Buffer.concat(parts).toString("utf8");
    assert.match(file, /"ADA@example.com"/);
    assert.match(file, /"what to do"/);
  });

  await walk.fact("the failure log can be searched by user", async () => {
    await page.goto(`${HOME}/requests`);
    await page.getByLabel("User or group").fill("ada@");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("row").filter({ hasText: "ADA@example.com" }).waitFor();
    await page.getByLabel("User or group").fill("nobody");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("No failures found").waitFor();
  });

  await walk.fact("each provider's steps show the base URL, and each connection test passes", async () => {
    for (const name of ["Okta", "Microsoft Entra ID", "OneLogin", "JumpCloud", "Other provider"]) {
      await page.goto(HOME);
      await page.getByRole("link", { name }).click();
      await page.getByRole("heading", { name: `Steps for ${name}` }).waitFor();
      assert.equal(await value(page, "base-url"), client.base);
      await page.getByLabel("Identity provider").selectOption({ label: name });
      await page.getByRole("button", { name: "Test connection" }).click();
      await page.getByRole("heading", { name: `Test results for ${name}` }).waitFor();
      await page.getByText("All checks passed on our side").waitFor();
      assert.equal(await page.getByText("Failed", { exact: true }).count(), 0);
      assert.ok((await page.getByText("Passed", { exact: true }).count()) >= 4);
    }
  });

  await walk.fact("after a rotation with overlap both tokens work", async () => {
    await page.goto(HOME);
    await page.getByRole("link", { name: "Rotate the token Provisioning" }).click();
    await page.getByLabel("Keep the old token valid for").selectOption("3600");
    await page.getByRole("button", { name: "Create new token" }).click();
    const next = new Client(client.base, await value(page, "token"));
    assert.notEqual(next.token, client.token);
    for (const one of [client, next]) assert.equal((await one.send("GET", "/Users?count=1")).status, 200);
    walk.facts.old = client;
    client = next;
  });

  await walk.fact("a revoked token is rejected within a minute, and the other one still works", async () => {
    await page.goto(HOME);
    const old = page.getByRole("row").filter({ hasText: walk.facts.old.token.split("_")[2] });
    await old.getByRole("link", { name: /^Revoke/ }).click();
    await page.getByRole("heading", { name: "Revoke this token?" }).waitFor();
    await page.getByRole("button", { name: "Revoke token" }).click();
    const end = Date.now() + 60_000;
    let status = 0;
    while (status !== 401 && Date.now() < end) {
      status = (await walk.facts.old.send("GET", "/Users?count=1")).status;
      if (status !== 401) await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    assert.equal(status, 401);
    assert.equal((await client.send("GET", "/Users?count=1")).status, 200);
  });

  await walk.fact("turned off, requests are rejected; turned on, the same token works again", async () => {
    await page.goto(HOME);
    await page.getByRole("link", { name: "Turn provisioning off" }).click();
    await page.getByRole("button", { name: "Turn off" }).click();
    await page.getByRole("heading", { name: "Provisioning is off" }).waitFor();
    assert.equal((await client.send("GET", "/Users?count=1")).status, 403);
    await page.getByRole("button", { name: "Turn provisioning on" }).click();
    await page.getByRole("heading", { name: "Connection", exact: true }).waitFor();
    assert.equal((await client.send("GET", "/Users?count=1")).status, 200);
  });

  await walk.fact("this session does not open another tenant's pages", async () => {
    for (const path of ["/console/setup/acme", "/console/tenants/example", "/console/tenants"]) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 401, path);
    }
  });

  await walk.fact("the browser reported no errors", async () => {
    assert.deepEqual(page.complaints, []);
  });
}
