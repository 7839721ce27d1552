import { tmpdir } from "node:os";

import type { JsonObject } from "@tau/core";
import { isTauError } from "@tau/core";
import type { ToolContext } from "@tau/tools";
import { createFileLedger, createHostEnvironment, createMemoryArtifactStore } from "@tau/tools";
import { describe, expect, onTestFinished, test } from "vitest";

import type { Cluster, ClusterOptions } from "../cluster/api-server.test.support.ts";
import { startCluster } from "../cluster/api-server.test.support.ts";
import { servedKinds } from "../cluster/resource-store.test.support.ts";
import { createKubeClient } from "../client/kube-client.ts";
import type { KubernetesToolOptions } from "./kubernetes-options.ts";
import { kubernetesTools } from "./kubernetes-tools.ts";

const never = new AbortController().signal;

interface Fixture {
  readonly cluster: Cluster;
  readonly look: (input: JsonObject) => Promise<string>;
  /** What the hook makes of a call: the arguments that a person decides on, or why it is denied. */
  readonly decide: (input: JsonObject) => Promise<JsonObject | string>;
  /** Runs a call as it was decided on. */
  readonly carryOut: (input: JsonObject) => Promise<string>;
  readonly put: (kind: string, name: string, more?: JsonObject, namespace?: string) => void;
  readonly get: (kind: string, name: string) => JsonObject | undefined;
}

async function fixture(
  options: ClusterOptions & Partial<Pick<KubernetesToolOptions, "namespaces" | "changeNamespaces">> = {},
): Promise<Fixture> {
  const cluster = await startCluster(options);
  const client = createKubeClient(cluster.connection);
  onTestFinished(async () => {
    client.close();
    await cluster[Symbol.asyncDispose]();
  });
  const { namespaces, changeNamespaces = ["default"] } = options;
  const { tools, hooks } = kubernetesTools({
    client,
    changeNamespaces,
    now: () => Date.UTC(2026, 0, 2),
    ...(namespaces === undefined ? {} : { namespaces }),
  });
  const call = async (name: string, input: JsonObject): Promise<string> => {
    const tool = tools.find((one) => one.name === name);
    const valid = await tool?.validate(input);
    if (tool === undefined || valid?.ok !== true) throw new Error(`Not valid: ${JSON.stringify(valid)}`);
    const { content } = await tool.execute(valid.value, toolContext());
    return content.map((part) => (part.type === "text" ? part.text : "")).join("");
  };
  const keyOf = (
    kind: string,
    name: string,
    namespace = "default",
  ): Parameters<typeof cluster.store.get>[0] => {
    const served = servedKinds.find((one) => one.kind === kind);
    if (served === undefined) throw new TypeError(`No kind ${kind}`);
    return { served, name, namespace };
  };
  return {
    cluster,
    look: (input) => call("kubernetes", input),
    carryOut: (input) => call("kubernetes_change", input),
    async decide(input) {
      const [hook] = hooks;
      const asked = {
        tool: "kubernetes_change",
        arguments: input,
        get run(): never {
          throw new TypeError("The hook looks at the call alone.");
        },
      };
      const said = await hook?.beforeTool?.(asked, never);
      return said?.decision === "rewrite"
        ? said.arguments
        : said?.decision === "deny"
          ? said.reason
          : "allowed";
    },
    put(kind, name, more = {}, namespace = "default") {
      const { served } = keyOf(kind, name);
      const apiVersion = served.group === "" ? served.version : `${served.group}/${served.version}`;
      const labels = { app: name.replace(/-\d+$/u, "") };
      const object = { apiVersion, kind, metadata: { name, labels }, ...more };
      cluster.store.create(keyOf(kind, name, namespace), object, { dryRun: false, manager: "somebody" });
    },
    get: (kind, name) => cluster.store.get(keyOf(kind, name)),
  };
}

function toolContext(): ToolContext {
  const environment = createHostEnvironment({
    profile: { access: "read-only", workspace: tmpdir(), network: false },
  });
  onTestFinished(async () => await environment[Symbol.asyncDispose]());
  return {
    call: {
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      traceId: "0".repeat(32),
      signal: never,
    },
    signal: never,
    environment,
    artifacts: createMemoryArtifactStore(),
    files: createFileLedger(),
    idempotencyKey: "key",
    progress: () => undefined,
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await promise)}`;
  } catch (error) {
    return isTauError(error) ? error.code : String(error);
  }
}

/** The preview in the arguments; fails when the call was denied. */
function previewOf(said: JsonObject | string): string {
  const preview = typeof said === "string" ? undefined : said["preview"];
  if (typeof preview !== "string") throw new Error(`No preview: ${JSON.stringify(said)}`);
  return preview;
}

async function decided({ decide }: Fixture, input: JsonObject): Promise<JsonObject> {
  const said = await decide(input);
  if (typeof said === "string") throw new Error(said);
  return said;
}

const web = { spec: { replicas: 2, template: { spec: { containers: [{ name: "web", image: "web:1" }] } } } };
const scale = { action: "scale", resource: "deploy", name: "web", replicas: 5 };
const manifest = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template: { spec: { containers: [{ name: web, image: "${image}" }] } }
`;

describe("the tool kubernetes", () => {
  test("lists by selectors, page by page, in the server's columns", async () => {
    const { look, put } = await fixture();
    for (const name of ["a-1", "a-2", "a-3", "b-1"]) put("ConfigMap", name, { status: { phase: "Fine" } });

    const first = await look({ verb: "list", resource: "cm", labelSelector: "app=a", limit: 2 });
    const [, mark] = /continue "(.+)"/u.exec(first) ?? [];
    const second = await look({
      verb: "list",
      resource: "ConfigMap",
      labelSelector: "app=a",
      limit: 2,
      continue: mark ?? "",
    });

    expect(first.split("\n")).toEqual([
      "NAME\tSTATUS",
      "a-1\tFine",
      "a-2\tFine",
      '[1 more: list again with continue "2".]',
    ]);
    expect(second).toBe("NAME\tSTATUS\na-3\tFine");
    expect(
      await look({ verb: "list", resource: "configmaps", fieldSelector: "metadata.name=b-1" }),
    ).toContain("b-1");
    expect(await look({ verb: "list", resource: "pods" })).toBe("(none)");
  });

  test("shows one object without the bookkeeping of managers, and with its events when described", async () => {
    const { look, put, get } = await fixture();
    put("Deployment", "web", web);
    const uid = String(Object(get("Deployment", "web")?.["metadata"]).uid);
    const involvedObject = { kind: "Deployment", name: "web", uid };
    put("Event", "e-1", { type: "Warning", reason: "Failed", message: "no\nroom", involvedObject });

    expect(await look({ verb: "get", resource: "deployments.apps", name: "web" })).toContain("replicas: 2");
    expect(await look({ verb: "get", resource: "deploy", name: "web" })).not.toContain("managedFields");
    const described = await look({ verb: "describe", resource: "deploy", name: "web" });
    expect(described).toContain("Warning\tFailed\tDeployment/web\tno room");
    expect(await look({ verb: "events", name: "web" })).toContain("no room");
    expect(await look({ verb: "events", name: "other" })).toBe("(no events)");
  });

  test("never shows what a secret holds, in no verb", async () => {
    const { look, put } = await fixture();
    const annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"key":"dG9wLXNlY3JldA=="}}',
    };
    put("Secret", "s", {
      data: { key: "dG9wLXNlY3JldA==" },
      metadata: { name: "s", annotations, labels: {} },
    });
    for (const verb of ["get", "describe", "list"]) {
      const shown = await look({ verb, resource: "secrets", ...(verb === "list" ? {} : { name: "s" }) });
      expect(shown).not.toContain("dG9wLXNlY3JldA");
      if (verb !== "list") expect(shown).toContain("key: (hidden)");
    }
  });

  test("shows logs, use and what is served, and says where there are no metrics", async () => {
    const { look, put } = await fixture({ log: "one\ntwo\nthree\n" });
    put("PodMetrics", "web-1", { containers: [{ name: "web", usage: { cpu: "5m", memory: "10Mi" } }] });
    expect(await look({ verb: "logs", name: "web-1", tailLines: 2 })).toBe("two\nthree\n");
    expect(await look({ verb: "top" })).toBe("web-1\tweb cpu 5m memory 10Mi");
    expect(await look({ verb: "top", resource: "nodes" })).toContain("no metrics");
    expect(await look({ verb: "resources" })).toContain("deployments.apps\tDeployment\tnamespaced");
  });

  test("names what is forbidden, missing and not served", async () => {
    const { look } = await fixture({ forbidden: ["list pods"] });
    await expect(look({ verb: "list", resource: "pods" })).rejects.toThrow(
      /role with verb "list" on resource "pods"/u,
    );
    expect(await codeOf(look({ verb: "get", resource: "pods", name: "none" }))).toBe("kubernetes.not_found");
    expect(await codeOf(look({ verb: "list", resource: "gadgets" }))).toBe("kubernetes.unknown_resource");
    expect(await codeOf(look({ verb: "get", resource: "pods" }))).toBe("kubernetes.invalid");
  });

  test("stays in the namespaces that are named, and escapes names", async () => {
    const { look, cluster } = await fixture({ namespaces: ["default"] });
    for (const more of [{ namespace: "kube-system" }, { allNamespaces: true }]) {
      expect(await codeOf(look({ verb: "list", resource: "pods", ...more }))).toBe("kubernetes.denied");
      expect(await codeOf(look({ verb: "events", ...more }))).toBe("kubernetes.denied");
    }
    expect(await codeOf(look({ verb: "list", resource: "namespaces" }))).toBe("kubernetes.denied");
    expect(await codeOf(look({ verb: "top", resource: "nodes" }))).toBe("kubernetes.denied");
    expect(await codeOf(look({ verb: "get", resource: "pods", name: "../../kube-system/pods/x" }))).toBe(
      "kubernetes.not_found",
    );
    expect(cluster.requests.at(-1)).toContain("pods/..%2F..%2Fkube-system");
  });

  test("is labelled untrusted, reads only, and stands alone where nothing may be changed", async () => {
    const cluster = await startCluster();
    onTestFinished(async () => await cluster[Symbol.asyncDispose]());
    const client = createKubeClient(cluster.connection);
    const { tools, hooks } = kubernetesTools({ client });
    expect(tools.map(({ name, sideEffect }) => [name, sideEffect])).toEqual([["kubernetes", "pure"]]);
    expect(hooks).toEqual([]);
    const { host } = new URL(cluster.connection.server);
    expect(tools[0]?.label).toMatchObject({ integrity: "untrusted", origins: [`kubernetes:${host}`] });
    expect(tools[0]?.access({ verb: "list" }, "/")).toEqual([{ kind: "network", host }]);
  });
});

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

  test("names the version that was decided on, so that the server refuses it for another", async () => {
    const all = await fixture();
    all.put("Deployment", "web", web);
    const call = await decided(all, scale);
    await all.carryOut(call);
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
