// Whatever is written: a clear message with its place, nothing changes, the page goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ready, run, screen, state, write } from "./cluster.mjs";
import { withPage } from "./harness.mjs";

const deployment = (change) => {
  const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx
`;
  return change(text);
};

const bombs = () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level += 1) {
    const many = Array(10).fill(`*a${level - 1}`).join(", ");
    lines.push(`a${level}: &a${level} [${many}]`);
  }
  return lines.join("\n");
};

/** Text, what the editor says at once (if it can know), what Apply says. */
const CASES = [
  ["broken YAML", "apiVersion: v1\nkind: [Pod\n", /yaml: line 2/, /error parsing|error converting YAML/],
  ["deep nesting", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`, /depth/, /depth|nest/],
  ["an alias bomb", bombs(), /alias/, /alias/],
  ["an unknown kind", "apiVersion: v1\nkind: Srevice\nmetadata: {name: a}\n", /no matches for kind "Srevice"[\s\S]*Service/, /no matches for kind "Srevice" in version "v1"/],
  ["an unknown field", deployment((t) => t + "        redinessProbe: {}\n"), /unknown field "spec\.template\.spec\.containers\[0\]\.redinessProbe"[\s\S]*readinessProbe/, /unknown field "spec\.template\.spec\.containers\[0\]\.redinessProbe"/],
  ["negative replicas", deployment((t) => t.replace("replicas: 2", "replicas: -2")), null, /spec\.replicas: Invalid value: -2: must be greater than or equal to 0/],
  ["a selector that does not match", deployment((t) => t.replace("labels: {app: web}", "labels: {app: other}")), null, /`selector` does not match template `labels`/],
  ["a bad name", deployment((t) => t.replace("name: web}", "name: Web_1}")), null, /metadata\.name: Invalid value: "Web_1": a lowercase RFC 1123/],
];

test("bad manifests", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    for (const [name, text, atOnce, applied] of CASES) {
      await write(page, text);
      if (atOnce) {
        await page.waitForFunction(
          (pattern) => new RegExp(pattern).test(document.querySelector(".problems")?.innerText ?? ""),
          atOnce.source,
          { timeout: 5_000 },
        ).catch(async () => assert.fail(`${name}: ${await page.locator(".problems").allInnerTexts()}`));
      }
      const before = (await screen(page)).length;
      await page.locator(".apply").click();
      await page.waitForFunction((before) => window.kubarium.screen().length > before && !window.kubarium.busy(), before);
      const said = (await screen(page)).slice(before);
      assert.match(said, applied, name);
      assert.deepEqual((await state(page)).pods, [], name);
    }
    assert.match(await run(page, "kubectl get nodes"), /node-3 +Ready/);
  });
});

test("a manifest of 5 MB", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    const buffer = Buffer.from(`# ${"x".repeat(5_000_000)}\nkind: Pod\n`);
    await page.locator("input[type=file]").setInputFiles({ name: "large.yaml", mimeType: "text/yaml", buffer });
    await page.getByText(/too large for the editor/).waitFor();
    await page.getByText(/Request entity too large: limit is 3145728/).first().waitFor();
    await page.locator(".apply").click();
    await page.waitForFunction(() => /large\.yaml\n[\s\S]*too large/.test(window.kubarium.screen()));
    assert.match(await run(page, "kubectl get nodes"), /node-1 +Ready/);
  });
});

test("bad lines in the terminal", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    const lines = [
      ["kubectl get pods 'unbalanced", /quote|unexpected EOF/],
      ["kubectl get pods nobody", /Error from server \(NotFound\): pods "nobody" not found/],
      ["kubectl frobnicate", /unknown command "frobnicate"/],
      ["kubectl get things", /the server doesn't have a resource type "things"/],
      ["kubectl scale deployment/web --replicas=many", /invalid/],
      ["kubectl create deployment Bad_Name --image=nginx", /Invalid value: "Bad_Name"/],
      ["no-such-program", /command not found/],
      ["kubectl apply -f missing.yaml", /the path "missing\.yaml" does not exist/],
    ];
    for (const [line, wanted] of lines) assert.match(await run(page, line), wanted, line);
    assert.deepEqual((await state(page)).pods, []);
  });
});
