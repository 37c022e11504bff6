// The browser, its checks, and the counts of passed and failed facts.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium as driver } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Walk {
  passed = 0;
  failed = 0;
  /** Values that steps pass to later steps. */
  facts = {};

  static async start(chromium, server) {
    const walk = new Walk();
    walk.server = server;
    // Without a sandbox, because continuous integration runs as root; the browser visits this machine only.
    walk.browser = await driver.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    return walk;
  }

  async end() {
    await this.browser.close();
  }

  /** Checks one fact. A failure does not stop the walk. */
  async fact(name, act) {
    try {
      await act();
      this.passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      this.failed += 1;
      const lines = String(error?.message ?? error).split("\n").slice(0, 40);
      console.log(`FAILED  ${name}\n        ${lines.join("\n        ")}`);
    }
  }

  /** A page of a new browser profile. It collects the browser's errors. */
  async page(options = {}) {
    const context = await this.browser.newContext({ baseURL: this.server.address, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.complaints = [];
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("console", (message) => {
      const isStatus = message.text().startsWith("Failed to load resource: the server responded with a status");
      if (message.type() === "error" && !isStatus) page.complaints.push(message.text());
    });
    return page;
  }
}

/** Signs in to the console. */
export async function signIn(walk, page) {
  await page.goto("/console");
  await page.getByLabel("Admin key").fill(walk.server.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/console/tenants");
}

/** The text of a value to copy. */
export async function value(page, id) {
  return (await page.locator(`#${id}`).innerText()).trim();
}

/** Fails if the accessibility check reports a violation. */
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(told, [], `${page.url()}\n${told.join("\n")}`);
}

/** Fails if a page is wider than its window. */
export async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - globalThis.innerWidth);
  assert.ok(over <= 0, `${page.url()} is ${over} pixels wider than ${page.viewportSize().width}`);
}

/** Walks through a page by keyboard: every control must be reachable and show its focus. */
export async function reachable(page) {
  const wanted = await page.evaluate(() => {
    const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    return [...document.querySelectorAll(usable)].filter((one) => one.checkVisibility() && !one.disabled).length;
  });
  await page.evaluate(() => document.activeElement?.blur());
  const seen = new Set();
  for (let step = 0; step < wanted + 5; step += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return null;
      globalThis.walked ??= new Map();
      if (!globalThis.walked.has(one)) globalThis.walked.set(one, globalThis.walked.size);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const name = one.textContent.trim() || one.getAttribute("aria-label") || one.id;
      return { number: globalThis.walked.get(one), shown: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, name };
    });
    if (!found) continue;
    assert.ok(found.shown, `${page.url()}: the focus on "${found.name}" is not visible`);
    seen.add(found.number);
  }
  assert.ok(seen.size >= wanted, `${page.url()}: ${seen.size} of ${wanted} controls are reachable by keyboard`);
}
