// What the tests say to the page and read from it.
import assert from "node:assert/strict";

/** Read-only state: {now, phases, pods, nodes, services, requests}. */
export const state = (page) => page.evaluate(() => JSON.parse(window.kubarium.state()));

export const screen = (page) => page.evaluate(() => window.kubarium.screen());

export const ready = (page) => page.waitForFunction(() => window.kubarium && window.kubariumEditor);

/** Chooses a speed of virtual time, such as "50×". */
export async function speed(page, label) {
  await page.locator("select.speed").selectOption({ label });
}

/** Types a line at the prompt, as a person would, and gives what it printed. */
export async function run(page, line, { timeout = 30_000 } = {}) {
  const before = (await screen(page)).length;
  await page.locator(".prompt input").fill(line);
  await page.locator(".prompt input").press("Enter");
  await page.waitForFunction(() => !window.kubarium.busy(), null, { timeout });
  const printed = (await screen(page)).slice(before);
  assert.ok(printed.startsWith(`$ ${line}\n`), printed);
  return printed.slice(line.length + 3);
}

export function pods(page, count, timeout = 30_000) {
  return page.waitForFunction(
    (count) => {
      const { phases } = JSON.parse(window.kubarium.state());
      const all = Object.values(phases).reduce((sum, number) => sum + number, 0);
      return phases.Running === count && all === count;
    },
    count,
    { timeout },
  );
}

/** Puts a text into the editor as if it had been typed. */
export async function write(page, text) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

/** A number for what the picture's canvases show. */
export function pixels(page) {
  return page.evaluate(() => {
    let sum = 0;
    for (const canvas of document.querySelectorAll(".sheets canvas")) {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 97) sum = (sum * 31 + data[at]) % 1_000_003;
    }
    return sum;
  });
}
