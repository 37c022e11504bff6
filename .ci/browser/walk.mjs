// Checks the pages of the running program in a real browser, from a new tenant to a rejected user.
//
//   node walk.mjs PROGRAM CHROMIUM
//
// It starts the program on a free port with its data in memory, and stops it and the browser by their handles.
import { start } from "./program.mjs";
import { Walk } from "./browser.mjs";
import { aftermath, vendor } from "./vendor.mjs";
import { customer } from "./customer.mjs";
import { everywhere } from "./everywhere.mjs";

const LIMIT = 240_000;
const [program, chromium] = process.argv.slice(2);
const clock = setTimeout(() => {
  console.error(`the walk took longer than ${LIMIT / 1000} s`);
  process.exit(1);
}, LIMIT);

const server = await start(program);
const walk = await Walk.start(chromium, server);
try {
  await vendor(walk);
  await customer(walk);
  await aftermath(walk);
  await everywhere(walk);
} finally {
  await walk.end();
  await server.end();
  clearTimeout(clock);
}
console.log(`${walk.passed} passed, ${walk.failed} failed`);
process.exitCode = walk.failed === 0 && walk.passed > 0 ? 0 : 1;
