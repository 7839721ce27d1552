import type { JsonObject } from "@tau/core";
import { isTauError } from "@tau/core";
import { createWorkspaceContext } from "@tau/tools/testing";
import { onTestFinished } from "vitest";

import type { Cluster, ClusterOptions } from "../cluster/api-server.test.support.ts";
import { startCluster } from "../cluster/api-server.test.support.ts";
import { servedKinds } from "../cluster/resource-store.test.support.ts";
import { createKubeClient } from "../client/kube-client.ts";
import type { KubernetesToolOptions } from "./kubernetes-options.ts";
import { kubernetesTools } from "./kubernetes-tools.ts";

const never = new AbortController().signal;

export interface Fixture {
  readonly cluster: Cluster;
  readonly look: (input: JsonObject) => Promise<string>;
  /** What the hook makes of a call: the arguments that a person decides on, or why it is denied. */
  readonly decide: (input: JsonObject) => Promise<JsonObject | string>;
  /** Runs a call as it was decided on. */
  readonly carryOut: (input: JsonObject) => Promise<string>;
  readonly put: (kind: string, name: string, more?: JsonObject, namespace?: string) => void;
  readonly get: (kind: string, name: string) => JsonObject | undefined;
}

export async function fixture(
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
    const { content } = await tool.execute(valid.value, await createWorkspaceContext());
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
          throw new TypeError("The hook looks at the tool's call alone.");
        },
        get call(): never {
          throw new TypeError("The hook looks at the tool's call alone.");
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

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await promise)}`;
  } catch (error) {
    return isTauError(error) ? error.code : String(error);
  }
}

/** The preview in the arguments; fails when the call was denied. */
export function previewOf(said: JsonObject | string): string {
  const preview = typeof said === "string" ? undefined : said["preview"];
  if (typeof preview !== "string") throw new Error(`No preview: ${JSON.stringify(said)}`);
  return preview;
}

export async function decided({ decide }: Fixture, input: JsonObject): Promise<JsonObject> {
  const said = await decide(input);
  if (typeof said === "string") throw new Error(said);
  return said;
}

export const web: JsonObject = {
  spec: { replicas: 2, template: { spec: { containers: [{ name: "web", image: "web:1" }] } } },
};
