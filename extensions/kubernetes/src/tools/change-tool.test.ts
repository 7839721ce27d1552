import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { servedKinds } from "../cluster/resource-store.test.support.ts";
import { codeOf, decided, fixture, previewOf, web } from "./kubernetes-tools.test.support.ts";

const scale = { action: "scale", resource: "deploy", name: "web", replicas: 5 };
const manifest = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template: { spec: { containers: [{ name: web, image: "${image}" }] } }
`;

describe("the tool kubernetes_change", () => {
  test("shows the server's dry run before anybody decides, and does exactly that", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const call = await decided(all, scale);

    expect(previewOf(call)).toContain("scale deployments.apps/web in default");
    expect(previewOf(call)).toContain("-  replicas: 2\n+  replicas: 5\n");
    expect(all.get("Deployment", "web")).toMatchObject({ spec: { replicas: 2 } });
    expect(await all.carryOut(call)).toContain("Done");
    expect(all.get("Deployment", "web")).toMatchObject({ spec: { replicas: 5 } });
  });

  test.each([".", ".."])(
    "takes %s for no name: as part of an address it would be the namespace itself",
    async (name) => {
      const asked: string[] = [];
      const all = await fixture({ onRequest: (line) => void asked.push(line) });

      expect(await all.decide({ action: "delete", resource: "pods", name })).toContain("kubernetes.invalid");
      expect(await codeOf(all.look({ verb: "get", resource: "pods", name }))).toBe("kubernetes.invalid");
      expect(await codeOf(all.look({ verb: "list", resource: "pods", namespace: name }))).toBe(
        "kubernetes.invalid",
      );
      expect(asked.filter((line) => /namespaces|pods/u.test(line))).toEqual([]);
    },
  );

  test("does nothing without a preview, or with one that the model wrote", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    expect(await codeOf(all.carryOut(scale))).toBe("kubernetes.not_previewed");
    expect(await codeOf(all.carryOut({ ...scale, preview: "nothing to see" }))).toBe("kubernetes.conflict");
    expect(previewOf(await all.decide({ ...scale, preview: "nothing to see" }))).toContain("+  replicas: 5");
    expect(all.get("Deployment", "web")).toMatchObject({ spec: { replicas: 2 } });
  });

  test("asks again when the object changed since: nothing is done on what nobody saw", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const call = await decided(all, scale);
    await all.carryOut(await decided(all, { ...scale, replicas: 3 }));

    expect(await codeOf(all.carryOut(call))).toBe("kubernetes.conflict");
    expect(all.get("Deployment", "web")).toMatchObject({ spec: { replicas: 3 } });
    expect(previewOf(await all.decide(scale))).toContain("-  replicas: 3\n+  replicas: 5\n");
  });

  test("is not disturbed by what the cluster reports by itself in between", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const call = await decided(all, scale);
    const [live, served] = [
      all.get("Deployment", "web"),
      servedKinds.find(({ kind }) => kind === "Deployment"),
    ];
    if (live === undefined || served === undefined) throw new TypeError("unreachable");
    const key = { served, namespace: "default", name: "web" };
    all.cluster.store.update(
      key,
      { ...live, status: { readyReplicas: 2 } },
      { dryRun: false, manager: "controller" },
    );

    expect(await all.carryOut(call)).toContain("Done");
  });

  test.each([
    ["scale", scale],
    ["apply", { action: "apply", manifest: manifest("web:2") }],
    ["delete", { action: "delete", resource: "deploy", name: "web" }],
  ])(
    "is refused by the server when the object changes in the last moment: %s",
    async (_, input: JsonObject) => {
      const served = servedKinds.find(({ kind }) => kind === "Deployment");
      if (served === undefined) throw new TypeError("unreachable");
      const key = { served, namespace: "default", name: "web" };
      const all = await fixture({
        onRequest(line, store) {
          const live = store.get(key);
          if (/dryRun|GET/u.test(line) || live === undefined) return;
          if (
            line.startsWith("DELETE") &&
            all.cluster.requests.filter((one) => one.startsWith("DELETE")).length < 3
          )
            return;
          store.update(key, { ...live, spec: { replicas: 7 } }, { dryRun: false, manager: "somebody" });
        },
      });
      all.put("Deployment", "web", web);
      const call = await decided(all, input);
      expect(await codeOf(all.carryOut(call))).toBe("kubernetes.conflict");
      expect(all.get("Deployment", "web")).toMatchObject({ spec: { replicas: 7 } });
    },
  );

  test("names itself as the manager of fields, and forces nothing", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    await all.carryOut(await decided(all, scale));
    const patches = all.cluster.requests.filter((line) => line.startsWith("PATCH"));
    expect(patches.map((line) => line.includes("dryRun=All"))).toEqual([true, true, false]);
    expect(patches.every((line) => line.includes("fieldManager=tau") && !line.includes("force"))).toBe(true);
  });

  test("applies server-side: creates, changes what it owns, and forces no conflict", async () => {
    const all = await fixture();
    const creation = await decided(all, { action: "apply", manifest: manifest("web:1") });
    expect(previewOf(creation)).toContain("apply deployments.apps/web in default (new)");
    expect(previewOf(creation)).toContain("+  revisionHistoryLimit: 10"); // the server's default
    await all.carryOut(creation);
    const change = await decided(all, { action: "apply", manifest: manifest("web:2") });
    expect(previewOf(change)).toMatch(/-\s+- image: web:1\n\+\s+- image: web:2/u);
    await all.carryOut(change);
    expect(JSON.stringify(all.get("Deployment", "web"))).toContain("web:2");
    expect(previewOf(await all.decide({ action: "apply", manifest: manifest("web:2") }))).toContain(
      "(nothing changes)",
    );

    const { store } = all.cluster;
    const served = servedKinds.find(({ kind }) => kind === "Deployment");
    if (served === undefined) throw new TypeError("unreachable");
    const theirs = { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 9 } };
    store.apply({ served, namespace: "default", name: "web" }, theirs, {
      dryRun: false,
      manager: "autoscaler",
      force: true,
    });
    const contested = `${manifest("web:2")}  replicas: 1\n`;
    expect(await all.decide({ action: "apply", manifest: contested })).toMatch(
      /kubernetes\.conflict.*conflict with "autoscaler"/u,
    );
  });

  test("deletes what was shown, and not its successor of the same name", async () => {
    const all = await fixture();
    all.put("ConfigMap", "settings", { data: { a: "1" } });
    const call = await decided(all, { action: "delete", resource: "cm", name: "settings" });
    expect(previewOf(call)).toContain('-  a: "1"');
    await all.carryOut(call);
    expect(all.get("ConfigMap", "settings")).toBeUndefined();
    all.put("ConfigMap", "settings", { data: { a: "1" } });
    expect(await codeOf(all.carryOut(call))).toBe("kubernetes.conflict");
    expect(all.get("ConfigMap", "settings")).toBeDefined();
  });

  test("shows all of a large change, and makes it", async () => {
    const all = await fixture();
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} of many\n`).join("");
    all.put("ConfigMap", "settings", { data: { a: lines } });
    const call = await decided(all, { action: "delete", resource: "cm", name: "settings" });

    expect(previewOf(call)).toContain("-    line 0 of many\n");
    expect(previewOf(call)).toContain("-    line 4999 of many\n");
    expect(await all.carryOut(call)).toContain("Deleted.");
    expect(all.get("ConfigMap", "settings")).toBeUndefined();
  });

  test("refuses what is more than anybody can be shown, before anybody is asked", async () => {
    const all = await fixture();
    all.put("ConfigMap", "settings", { data: { a: "many words\n".repeat(400_000) } });

    const said = await all.decide({ action: "delete", resource: "cm", name: "settings" });
    expect(typeof said === "string" && said.split(": ", 1)[0]).toBe("kubernetes.too_large");
    expect(all.get("ConfigMap", "settings")).toBeDefined();
  });

  test("restarts at the time that was shown, and merges patches", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const restart = await decided(all, { action: "restart", resource: "deploy", name: "web" });
    expect(previewOf(restart)).toContain(
      "+        kubectl.kubernetes.io/restartedAt: 2026-01-02T00:00:00.000Z",
    );
    await all.carryOut(restart);
    expect(JSON.stringify(all.get("Deployment", "web"))).toContain("2026-01-02T00:00:00.000Z");
    const patch = { action: "patch", resource: "deploy", name: "web", patch: { spec: { paused: true } } };
    await all.carryOut(await decided(all, patch));
    expect(all.get("Deployment", "web")).toMatchObject({ spec: { paused: true, replicas: 2 } });
  });

  test.each([
    [
      "another namespace",
      { ...scale, namespace: "kube-system" },
      /kubernetes\.denied.*"kube-system" are not changed/u,
    ],
    [
      "what belongs to the cluster",
      { action: "delete", resource: "ns", name: "default" },
      /kubernetes\.denied.*whole cluster/u,
    ],
    ["secrets", { action: "delete", resource: "secrets", name: "s" }, /kubernetes\.denied.*Secrets/u],
    [
      "several objects at once",
      { action: "apply", manifest: `${manifest("a")}---${manifest("b")}` },
      /kubernetes\.invalid.*one object/u,
    ],
    ["what is no YAML", { action: "apply", manifest: "{" }, /kubernetes\.invalid.*not YAML/u],
    [
      "two words on the namespace",
      {
        action: "apply",
        namespace: "b",
        manifest: manifest("a").replace("name: web", "name: web, namespace: default"),
      },
      /kubernetes\.invalid.*another namespace/u,
    ],
    ["what is not there", { ...scale, name: "none" }, /kubernetes\.not_found/u],
    [
      "a scale without a number",
      { action: "scale", resource: "deploy", name: "web" },
      /kubernetes\.invalid.*replicas/u,
    ],
  ])("refuses %s before anybody is asked", async (_, input: JsonObject, expected) => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const said = await all.decide(input);
    expect(said).toMatch(expected);
    expect(
      all.cluster.requests.filter((line) => /^(?:PATCH|DELETE|POST)/u.test(line) && !line.includes("dryRun")),
    ).toEqual([]);
  });

  test("says that a preview needs the role for the change", async () => {
    const all = await fixture({ forbidden: ["patch deployments"] });
    all.put("Deployment", "web", web);
    expect(await all.decide(scale)).toContain('role with verb "patch" on resource "deployments.apps"');
  });
});
