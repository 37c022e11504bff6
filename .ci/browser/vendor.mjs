// The vendor signs in and creates a tenant and a setup link for its customer.
import assert from "node:assert/strict";
import { value } from "./browser.mjs";

export async function vendor(walk) {
  const page = await walk.page({ permissions: ["clipboard-read", "clipboard-write"] });
  walk.console = page;

  await walk.fact("a wrong admin key is rejected with a reason", async () => {
    await page.goto("/console");
    await page.getByLabel("Admin key").fill("x".repeat(40));
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("This key is not valid").waitFor();
  });

  await walk.fact("the vendor signs in by keyboard, and the key is in no address", async () => {
    await page.goto("/console");
    // The field has the focus initially.
    await page.locator("input:focus").waitFor();
    await page.keyboard.type(walk.server.key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Tenants" }).waitFor();
    assert.ok(!page.url().includes(walk.server.key));
    const cookies = await page.context().cookies();
    const [{ name, httpOnly, secure, sameSite, path }] = cookies;
    assert.deepEqual(
      { name, httpOnly, secure, sameSite, path },
      { name: "__Host-muster-console", httpOnly: true, secure: true, sameSite: "Lax", path: "/" },
    );
    assert.equal(cookies.length, 1);
  });

  await walk.fact("the vendor creates a tenant", async () => {
    await page.getByRole("link", { name: "New tenant" }).click();
    await page.getByLabel("Name").fill("Example Corporation");
    await page.getByLabel("Id (optional)").fill("example");
    await page.getByRole("button", { name: "Create tenant" }).click();
    await page.getByRole("heading", { name: "Example Corporation" }).waitFor();
    await page.getByText("No links yet").waitFor();
  });

  await walk.fact("an existing tenant id is rejected beside the form", async () => {
    await page.goto("/console/new-tenant");
    await page.getByLabel("Name").fill("Another");
    await page.getByLabel("Id (optional)").fill("example");
    await page.getByRole("button", { name: "Create tenant" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), "Another");
  });

  await walk.fact("the vendor creates a setup link and copies it", async () => {
    await page.goto("/console/tenants/example/links");
    await page.getByRole("button", { name: "Create setup link" }).click();
    walk.facts.link = await value(page, "link");
    assert.match(walk.facts.link, /\/console\/open\/example\/\w{10}\/\w{52}$/);
    await page.getByRole("button", { name: "Copy Setup link" }).click();
    await page.getByText("Setup link copied").waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), walk.facts.link);
  });

  await walk.fact("a revoked link cannot be opened", async () => {
    await page.goto("/console/tenants/example/links");
    await page.getByRole("button", { name: "Create setup link" }).click();
    const link = await value(page, "link");
    await page.goto("/console/tenants/example/links");
    const id = link.split("/").at(-2);
    await page.getByRole("button", { name: `Revoke of link ${id}` }).click();
    await page.getByRole("cell", { name: "Revoked", exact: true }).waitFor();
    const other = await walk.page();
    await other.goto(link);
    await other.getByRole("heading", { name: "This link was revoked" }).waitFor();
    await other.context().close();
  });

  await walk.fact("the browser reported no errors", async () => {
    assert.deepEqual(page.complaints, []);
  });
}


/** What the vendor sees and does after the customer's setup. */
export async function aftermath(walk) {
  const page = walk.console;

  await walk.fact("the activity lists every act with the setup link, and by whom", async () => {
    await page.goto("/console/tenants/example/activity");
    for (const done of ["Provisioning turned on", "Token rotated", "Token revoked", "Provisioning turned off"]) {
      const row = page.getByRole("row").filter({ hasText: done }).first();
      assert.match(await row.innerText(), /setup link/i, done);
    }
    const made = page.getByRole("row").filter({ hasText: "Setup link created" }).first();
    assert.match(await made.innerText(), /first/);
    await walk.setup.goto("/console/setup/example");
    await walk.setup.getByRole("link", { name: "See all activity" }).click();
    await walk.setup.getByRole("heading", { name: "Activity", exact: true }).waitFor();
  });

  await walk.fact("a person is exported and erased, and cannot be found any more", async () => {
    const users = "/console/tenants/example/users";
    await page.goto(`${users}?search=barbara`);
    await page.getByRole("link", { name: "barbara@example.com" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export as JSON" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^example-[0-9a-f-]{36}\.json$/);
    const parts = [];
    for await (const part of await download.createReadStream()) parts.push(part);
    assert.equal(JSON.parse(Buffer.concat(parts)).user.userName, "barbara@example.com");
    await page.getByRole("link", { name: "Erase" }).click();
    await page.getByRole("heading", { name: "Erase this person?" }).waitFor();
    await page.getByRole("button", { name: "Erase" }).click();
    await page.getByText("2 users").waitFor();
    await page.goto(`${users}?search=barbara`);
    await page.getByText("No users found").waitFor();
  });
}
