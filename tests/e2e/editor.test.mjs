// The editor's bundle behind its calls, apart from the page that uses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withPage } from "./harness.mjs";

/** Puts an editor alone on the page; what its callbacks hear is in `window.heard`. */
async function editor(page, options = {}) {
  await page.waitForFunction(() => window.kubariumEditor);
  await page.evaluate((options) => {
    document.body.innerHTML = '<button id="before">before</button><div id="editor"></div><button id="after">after</button>';
    window.heard = { changes: [], applied: 0 };
    window.handle = window.kubariumEditor.create(document.getElementById("editor"), {
      onChange: (text) => window.heard.changes.push(text),
      onApply: () => (window.heard.applied += 1),
      lint: (text) =>
        text.split("\n").flatMap((line, at) => {
          const column = line.indexOf("wrong") + 1;
          const range = { from_line: at + 1, from_col: column, to_line: at + 1, to_col: column + 5 };
          return column ? [{ ...range, severity: "error", message: "this is wrong" }] : [];
        }),
      complete: (text, pos) => ({ from: pos - 1, options: [{ label: "replicas" }] }),
      ...options,
    });
  }, options);
}

test("edits, errors and Apply reach the page", async () => {
  await withPage(async ({ page }) => {
    await editor(page, { doc: "kind: Pod\n", label: "Manifest" });
    const text = page.getByRole("textbox", { name: "Manifest" });
    await text.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("wrong: 1");
    await page.waitForSelector(".cm-lintRange-error");
    assert.equal(await page.locator(".cm-lintRange-error").innerText(), "wrong");
    await page.keyboard.press("Control+Enter");
    const heard = await page.evaluate(() => window.heard);
    assert.equal(heard.changes.at(-1), "kind: Pod\nwrong: 1");
    assert.equal(heard.applied, 1);
    assert.equal(await page.evaluate(() => window.handle.get()), "kind: Pod\nwrong: 1");
  });
});

test("set() is no edit of the person, and refreshLint() asks again", async () => {
  await withPage(async ({ page }) => {
    await editor(page, { doc: "" });
    await page.evaluate(() => window.handle.set("a: 한국어 wrong"));
    await page.evaluate(() => window.handle.refreshLint());
    await page.waitForSelector(".cm-lintRange-error");
    assert.equal(await page.locator(".cm-lintRange-error").innerText(), "wrong");
    assert.deepEqual(await page.evaluate(() => window.heard.changes), []);
  });
});

test("Tab indents, and after Esc it leaves", async () => {
  await withPage(async ({ page }) => {
    await editor(page, { doc: "a: 1" });
    const focused = () => page.evaluate(() => document.activeElement.id);
    await page.locator("#before").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => window.handle.get()), "  a: 1");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "after");
  });
});

test("completion offers what the page says", async () => {
  await withPage(async ({ page }) => {
    await editor(page, { doc: "" });
    await page.locator(".cm-content").click();
    await page.keyboard.type("r");
    await page.waitForSelector(".cm-tooltip-autocomplete");
    // CodeMirror ignores a choice made within 75 ms of the list's appearance.
    await page.waitForTimeout(150);
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => window.handle.get()), "replicas");
  });
});

test("the theme is the page's, read only is kept, and a line is found", async () => {
  await withPage(async ({ page }) => {
    await editor(page, { doc: "a: 1\nb: 2\nc: 3", readOnly: true });
    await page.evaluate(() => {
      document.documentElement.dataset.theme = "dark";
      window.handle.setDark(true);
      window.handle.gotoLine(2);
    });
    const color = page.locator(".cm-editor").evaluate((e) => getComputedStyle(e).backgroundColor);
    assert.equal(await color, "rgb(23, 27, 24)");
    await page.keyboard.type("x");
    assert.equal(await page.evaluate(() => window.handle.get()), "a: 1\nb: 2\nc: 3");
    assert.equal(await page.locator(".cm-lineNumbers .cm-activeLineGutter").innerText(), "2");
    await page.evaluate(() => window.handle.destroy());
    assert.equal(await page.locator(".cm-editor").count(), 0);
  });
});
