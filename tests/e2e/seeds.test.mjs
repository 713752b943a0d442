// The sessions people wrote down: line by line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pods, ready, run, speed, state, write } from "./cluster.mjs";
import { withPage } from "./harness.mjs";

test("the imperative session", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await speed(page, "10×");
    const steps = [
      ["kubectl create deployment first-app --image=nginx", /^deployment\.apps\/first-app created\n$/],
      ["kubectl get deployments", /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nfirst-app +\d\/1/],
      ["kubectl get pods", /^NAME +READY +STATUS +RESTARTS +AGE\nfirst-app-/],
      ["kubectl expose deployment first-app --type=LoadBalancer --port=8080", /^service\/first-app exposed\n$/],
      ["kubectl get services", /first-app +LoadBalancer +\S+ +\S+ +8080:\d+\/TCP/],
      ["kubectl scale deployment/first-app --replicas=3", /^deployment\.apps\/first-app scaled\n$/],
      ["kubectl rollout status deployment/first-app", /successfully rolled out/],
      ["kubectl set image deployment/first-app nginx=nginx:1.29", /image updated/],
      ["kubectl rollout status deployment/first-app", /successfully rolled out/],
      ["kubectl rollout undo deployment/first-app", /rolled back/],
      ["kubectl rollout history deployment/first-app", /REVISION +CHANGE-CAUSE/],
      ["kubectl rollout history deployment/first-app --revision=2", /with revision #2[\s\S]*nginx:1\.29/],
      ["kubectl rollout undo deployment/first-app --to-revision=2", /rolled back/],
      ["kubectl rollout status deployment/first-app", /successfully rolled out/],
      ["kubectl delete service first-app", /^service "first-app" deleted/],
      ["kubectl delete deployment first-app", /^deployment\.apps "first-app" deleted/],
      ["kubectl get sc", /No resources found|NAME/],
      ["kubectl get pv", /No resources found|NAME/],
    ];
    for (const [line, wanted] of steps) assert.match(await run(page, line), wanted, line);
    for (const type of ["ClusterIP", "NodePort"]) {
      await run(page, "kubectl create deployment again --image=httpd");
      await run(page, `kubectl expose deployment again --type=${type} --port=80`);
      assert.match(await run(page, "kubectl get service again"), new RegExp(`again +${type}`));
      const gone = await run(page, "kubectl delete deployments,services -l app=again");
      assert.match(gone, /deployment\.apps "again" deleted[\s\S]*service "again" deleted/);
    }
    await pods(page, 0).catch(() => {});
    await page.locator(".apply").click();
    await page.waitForFunction(() => !window.kubarium.busy());
    assert.match(await run(page, "kubectl delete -f web.yaml"), /deployment\.apps "web" deleted/);
  });
});

test("the pod of redis and nginx that share an emptyDir", async () => {
  await withPage(async ({ page }) => {
    await ready(page);
    await write(page, `apiVersion: v1
kind: Pod
metadata:
  name: shared-volumes
spec:
  containers:
  - name: redis
    image: redis
    volumeMounts:
    - name: shared-storage
      mountPath: /data/shared
  - name: nginx
    image: nginx
    volumeMounts:
    - name: shared-storage
      mountPath: /data/shared
  volumes:
  - name : shared-storage
    emptyDir: {}
`);
    await page.locator(".apply").click();
    await pods(page, 1);
    assert.match(await run(page, "kubectl get pods"), /shared-volumes +2\/2 +Running/);
    assert.match(await run(page, "kubectl logs shared-volumes -c redis"), /Ready to accept connections/);
    assert.equal((await state(page)).pods[0].name, "shared-volumes");
  });
});
