// From a manifest to pods that serve, through the editor, the terminal and the picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pixels, pods, ready, run, screen, speed, state, write } from "./cluster.mjs";
import { withPage } from "./harness.mjs";

test("a manifest applied in the editor becomes Ready pods, told and drawn", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    const empty = await pixels(page);
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    await pods(page, 3);
    assert.match(await screen(page), /deployment\.apps\/web created\nservice\/web created/);
    assert.notEqual(await pixels(page), empty);
    assert.match(await page.locator(".changed").innerText(), /deployment\/web created/);
    await page.getByRole("tab", { name: "Account" }).click();
    await page.getByText(/pod web-\S+ is ready on node-\d/).first().waitFor();
    const { pods: placed, services } = await state(page);
    assert.equal(new Set(placed.map((pod) => pod.node)).size, 3);
    assert.equal(services.web, 3);
  });
});

test("what Apply changed is listed, and Diff shows the lines", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.locator(".apply").click();
    await pods(page, 3);
    const text = await page.evaluate(() => JSON.parse(localStorage["kubarium.documents"] ?? "null")?.all[0].text);
    const manifest = text ?? (await page.locator(".cm-content").innerText());
    await write(page, manifest.replace("replicas: 3", "replicas: 5"));
    await page.getByRole("button", { name: "Diff" }).click();
    assert.match(await page.locator(".difference .added").innerText(), /replicas: 5/);
    await page.locator(".apply").click();
    await page.locator(".summary", { hasText: "replicas 3 → 5" }).waitFor();
    await pods(page, 5);
  });
});

test("scale, roll out, undo, expose, and requests spread", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await speed(page, "10×");
    await run(page, "kubectl create deployment web --image=nginx:1.28 --replicas=2");
    await pods(page, 2);
    await run(page, "kubectl scale deployment/web --replicas=4");
    await pods(page, 4);
    await run(page, "kubectl set image deployment/web nginx=nginx:1.29");
    const rollout = await run(page, "kubectl rollout status deployment/web");
    assert.match(rollout, /deployment "web" successfully rolled out/);
    const images = "kubectl get pods -o jsonpath='{.items[*].spec.containers[0].image}'";
    await pods(page, 4);
    assert.equal((await run(page, images)).trim().split(" ").at(-1), "nginx:1.29");
    assert.match(await run(page, "kubectl rollout undo deployment/web"), /rolled back/);
    await run(page, "kubectl rollout status deployment/web");
    await pods(page, 4);
    assert.match(await run(page, images), /^nginx:1\.28( nginx:1\.28){3}/);
    await run(page, "kubectl expose deployment web --port=80");
    await page.waitForFunction(() => JSON.parse(window.kubarium.state()).services.web === 4);
    await page.locator(".spots button", { hasText: /^service web/ }).dispatchEvent("click");
    await page.locator(".traffic .chip", { hasText: /^50$/ }).click();
    await page.waitForFunction(() => {
      const answers = JSON.parse(window.kubarium.state()).requests.web ?? {};
      return Object.values(answers).filter((count) => count > 10).length >= 2;
    });
    await page.locator(".answers .bar").nth(1).waitFor();
  });
});

test("a stopped kubelet makes its node NotReady", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.getByRole("button", { name: /Break something/ }).click();
    await page.getByRole("menuitem", { name: "Stop the kubelet of node-2" }).click();
    await speed(page, "100×");
    await page.waitForFunction(
      () => JSON.parse(window.kubarium.state()).nodes.find((n) => n.name === "node-2").ready !== "True",
    );
  });
});

test("the first visit's card types visibly", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.getByRole("button", { name: "The redis + nginx pod" }).click();
    await pods(page, 1);
    assert.match(await screen(page), /\$ cat <<EOF[\s\S]*pod\/shared-volumes created/);
    assert.equal(await page.locator(".welcome").count(), 0);
  });
});

test("one click sends requests that spread over the pods", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await page.getByRole("button", { name: "Send requests" }).click();
    await page.waitForFunction(() => {
      const answers = JSON.parse(window.kubarium.state()).requests.web ?? {};
      return Object.keys(answers).length >= 2;
    });
    assert.match(await screen(page), /\$ kubectl expose deployment web --port=80\nservice\/web exposed/);
  });
});
