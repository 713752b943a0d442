// Both languages, both themes, the keyboard alone, a narrow screen, and a page that rests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ready, run, screen, speed, write } from "./cluster.mjs";
import { withPage } from "./harness.mjs";

test("a paused page asks for no frames", async () => {
  await withPage(async ({ page }) => {
    await page.evaluate(() => {
      window.frames_asked = 0;
      const ask = window.requestAnimationFrame.bind(window);
      window.requestAnimationFrame = (act) => {
        window.frames_asked += 1;
        return ask(act);
      };
    });
    await ready(page);
    await run(page, "kubectl create deployment web --image=nginx");
    await page.getByRole("button", { name: "Pause" }).click();
    // Messages on their way still arrive.
    await page.waitForTimeout(6_000);
    const clock = await page.locator(".clock").innerText();
    await page.evaluate(() => (window.frames_asked = 0));
    await page.waitForTimeout(1_500);
    assert.equal(await page.evaluate(() => window.frames_asked), 0);
    assert.equal(await page.locator(".clock").innerText(), clock);
    await page.getByRole("button", { name: "Step" }).click();
    await page.waitForFunction((clock) => document.querySelector(".clock").innerText !== clock, clock);
  });
});

test("what was written survives a reload", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await write(page, "# mine\nkind: Pod\n");
    await run(page, "kubectl create deployment kept --image=nginx");
    await speed(page, "5×");
    await page.getByRole("button", { name: "Light or dark" }).click();
    await page.waitForTimeout(600);
    await page.reload();
    await ready(page);
    await page.waitForFunction(() => document.querySelector(".cm-content")?.innerText.includes("# mine"));
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    assert.equal(await page.locator("select.speed option:checked").innerText(), "5×");
    await page.locator(".prompt input").press("ArrowUp");
    assert.match(await page.locator(".prompt input").inputValue(), /deployment kept/);
    await page.getByRole("button", { name: "Restore the last session" }).click();
    await page.waitForFunction(() => JSON.parse(window.kubarium.state()).pods.length === 1);
  });
});

test("a Korean reader with a dark system", async () => {
  await withPage(
    async ({ page }) => {
      await ready(page);
      assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      const words = await page.locator(".page").innerText();
      for (const word of ["일시정지", "터미널", "매니페스트", "적용"]) assert.ok(words.includes(word), word);
      await page.getByRole("button", { name: "English" }).click();
      await page.getByRole("button", { name: "Pause" }).waitFor();
    },
    { locale: "ko-KR", colorScheme: "dark" },
  );
});

test("the keyboard alone selects, switches tabs and runs commands", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.locator(".spots button[tabindex='0']").focus();
    for (let step = 0; step < 12; step += 1) {
      const label = await page.evaluate(() => document.activeElement.innerText);
      if (/^kube-apiserver/.test(label)) break;
      await page.keyboard.press("ArrowRight");
    }
    await page.keyboard.press("Enter");
    await page.locator(".inspect h2", { hasText: "kube-apiserver" }).waitFor();
    await page.getByText("The front door").waitFor();
    await page.getByRole("tab", { name: "Terminal" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.locator(".below [aria-selected=true]").innerText(), "Events");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("terminal");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.matches(".prompt input"));
    await page.keyboard.type("kubectl get no");
    await page.keyboard.press("Tab");
    const typed = page.locator(".prompt input");
    await page.waitForFunction(() => /get no\w+/.test(document.querySelector(".prompt input").value));
    await typed.fill("kubectl get nodes -w");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => window.kubarium.busy());
    await page.keyboard.press("Control+c");
    await page.waitForFunction(() => !window.kubarium.busy());
    assert.match(await screen(page), /\^C/);
    await page.keyboard.press("Control+l");
    assert.equal(await screen(page), "");
  });
});

test("the space bar pauses, but not while typing", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.locator(".prompt input").click();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Play" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("dialog").count(), 0);
  });
});

test("at 390 px nothing is wider than the screen", async () => {
  await withPage(
    async ({ page }) => {
      await ready(page);
      await run(page, "kubectl create deployment web --image=nginx --replicas=3");
      for (const name of ["Events", "Metrics", "Account", "Manifest", "Inspect", "Logs", "Terminal"]) {
        await page.getByRole("tab", { name }).click();
        const wide = await page.evaluate(() => {
          const outside = (element) => {
            const { right, width } = element.getBoundingClientRect();
            const scrolls = element.closest(".scroll, .tabs, .files, .terminal, .cm-editor, .spots, .for-readers, .wide");
            return width > 0 && right > innerWidth + 0.5 && !(scrolls && scrolls !== element);
          };
          const found = [...document.querySelectorAll("body *")].filter(outside);
          return found.map((element) => `${element.tagName}.${element.className}`);
        });
        assert.deepEqual(wide, [], name);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
      }
    },
    { viewport: { width: 390, height: 844 } },
  );
});
