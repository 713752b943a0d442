// The page opens from a sub-path, mounts, and is at rest with itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withPage } from "./harness.mjs";

test("the page opens and mounts without an error or a foreign request", async () => {
  await withPage(async ({ page }) => {
    assert.equal(await page.title(), "Kubarium");
    assert.match(await page.locator("#app").innerText(), /Kubarium/);
    await page.waitForFunction(() => window.kubariumEditor);
  });
});

test("a dark system gets a dark page from the first paint", async () => {
  await withPage(
    async ({ page }) => {
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(paper, "rgb(16, 19, 17)");
    },
    { colorScheme: "dark" },
  );
});

test("the harness notices errors, missing files and foreign requests", async () => {
  const noticed = withPage(async ({ page }) => {
    await page.evaluate(async () => {
      console.error("on purpose");
      setTimeout(() => { throw new Error("thrown on purpose"); });
      await fetch("./missing.txt");
      await fetch("http://127.0.0.1:9/").catch(() => {});
    });
  });
  await assert.rejects(noticed, (error) => {
    const wanted = [/on purpose/, /uncaught: .*thrown/, /404: .*missing/, /foreign origin: .*:9/];
    return wanted.every((pattern) => error.actual.some((fault) => pattern.test(fault)));
  });
});
