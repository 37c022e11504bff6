// Checks of every page: accessibility in both colour schemes, no page wider than its window from 320 pixels, and every
// control reachable by keyboard.
import assert from "node:assert/strict";
import { accessible, fits, reachable, signIn } from "./browser.mjs";

const TENANT = ["", "/keys", "/links", "/requests", "/users", "/groups", "/activity", "/settings", "/off", "/steps/okta", "/steps/entra"];
const SETUP = ["", "/keys", "/requests", "/activity", "/off", "/steps/okta", "/steps/entra", "/steps/onelogin", "/steps/jumpcloud", "/steps/other"];

export async function everywhere(walk) {
  const inside = [
    "/console/tenants",
    "/console/tenants?search=nobody-is-called-this",
    "/console/new-tenant",
    "/console/keys",
    ...TENANT.map((end) => `/console/tenants/example${end}`),
    ...(await found(walk.console, "/console/tenants/example/users", 'td.name a')),
    ...(await found(walk.console, "/console/tenants/example/keys", 'td.end a')),
  ];
  const sides = [
    { name: "outside", pages: ["/console", "/console/nothing", walk.facts.link, "/console/setup/nobody"], cookies: [] },
    { name: "console", pages: inside, cookies: await walk.console.context().cookies() },
    {
      name: "setup",
      pages: SETUP.map((end) => `/console/setup/example${end}`),
      cookies: await walk.setup.context().cookies(),
    },
  ];
  for (const { name, pages, cookies } of sides) {
    for (const colorScheme of ["light", "dark"]) {
      await walk.fact(`${name}: every page is accessible, ${colorScheme}`, async () => {
        const page = await walk.page({ colorScheme, viewport: { width: 1280, height: 900 } });
        await page.context().addCookies(cookies);
        for (const path of pages) {
          await page.goto(path);
          await accessible(page);
        }
        assert.deepEqual(page.complaints, []);
        await page.context().close();
      });
    }
    await walk.fact(`${name}: every page fits its window from 320 pixels`, async () => {
      const page = await walk.page();
      await page.context().addCookies(cookies);
      for (const path of pages) {
        await page.goto(path);
        for (const width of [320, 768, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          await fits(page);
        }
      }
      await page.context().close();
    });
    await walk.fact(`${name}: every control is reachable by keyboard`, async () => {
      const page = await walk.page();
      await page.context().addCookies(cookies);
      for (const path of pages.slice(0, 6)) {
        await page.goto(path);
        await reachable(page);
      }
      await page.context().close();
    });
  }

  await walk.fact("after signing out, going back leads to the sign-in page", async () => {
    const page = walk.console;
    await page.goto("/console/tenants");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goBack();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await signIn(walk, page);
  });
}

/** The addresses of a page's links. */
async function found(page, path, links) {
  await page.goto(path);
  const hrefs = await page.locator(links).evaluateAll((all) => all.slice(0, 2).map((one) => one.getAttribute("href")));
  return hrefs;
}
