// A picture of the page: shot.mjs [--size 1440x900] [--dark] [--ko] [--wait MS] OUT.png [JS]
// JS runs in the page first and may be a promise; faults of the page are printed.
import { launch, openPage, serve } from "./harness.mjs";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: "string", default: "1440x900" },
    dark: { type: "boolean", default: false },
    ko: { type: "boolean", default: false },
    wait: { type: "string", default: "500" },
  },
});
const [out, script] = positionals;
const [width, height] = values.size.split("x").map(Number);
if (!out || !width || !height) {
  console.error("usage: shot [--size 1440x900] [--dark] [--ko] [--wait MS] OUT.png [JS]");
  process.exit(1);
}

const server = await serve();
const browser = await launch();
const page = await openPage(browser, server.url, {
  viewport: { width, height },
  colorScheme: values.dark ? "dark" : "light",
  locale: values.ko ? "ko-KR" : "en-US",
});
if (script) {
  const result = await page.evaluate(script);
  if (result !== undefined) console.log(JSON.stringify(result));
}
await page.waitForTimeout(Number(values.wait));
await page.screenshot({ path: out });
for (const fault of page.faults) console.error(fault);
await browser.close();
await server.close();
process.exit(page.faults.length > 0 ? 1 : 0);
