// What the page measures of itself, as a JSON array of rows {name, value, unit, aim}.
//
// The page opened with `?bench` runs its benches and puts `{done: true, rows: [...]}` at
// window.__bench; a page that takes no part leaves window.__bench undefined. The time to the first
// picture is the performance mark "kubarium:first-picture", or else the first contentful paint.
import { launch, openPage, serve } from "./harness.mjs";

const LOADS = 5;
const BENCH_MS_MAX = 300_000;

async function firstPicture(browser, url) {
  const page = await openPage(browser, url);
  const handle = await page.waitForFunction(() => {
    const find = (name) => performance.getEntriesByName(name)[0]?.startTime;
    return find("kubarium:first-picture") ?? find("first-contentful-paint");
  });
  const time = await handle.jsonValue();
  await page.context().close();
  return time;
}

async function ownRows(browser, url) {
  const page = await openPage(browser, `${url}?bench`);
  const takesPart = await page.evaluate(() => window.__bench !== undefined);
  if (!takesPart) {
    console.error("the page sets no window.__bench: only its loading was measured");
    return [];
  }
  await page.waitForFunction(() => window.__bench.done, null, { timeout: BENCH_MS_MAX });
  if (page.faults.length > 0) throw new Error(page.faults.join("\n"));
  return page.evaluate(() => window.__bench.rows);
}

const server = await serve();
const browser = await launch();
try {
  const times = [];
  for (let load = 0; load < LOADS; load += 1) times.push(await firstPicture(browser, server.url));
  const median = times.sort((a, b) => a - b)[Math.floor(LOADS / 2)];
  const rows = [{ name: "navigation to first picture", value: median, unit: "ms", aim: "<= 1000" }];
  rows.push(...(await ownRows(browser, server.url)));
  console.log(JSON.stringify(rows));
} finally {
  await browser.close();
  await server.close();
}
