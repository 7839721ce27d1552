import { describe, expect, onTestFinished, test } from "vitest";

import { startCluster } from "../cluster/api-server.test.support.ts";
import { createKubeClient } from "../client/kube-client.ts";
import { codeOf, fixture, web } from "./kubernetes-tools.test.support.ts";
import { kubernetesTools } from "./kubernetes-tools.ts";

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
