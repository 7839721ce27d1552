import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";

import type { JsonObject } from "@tau/core";
import { isJsonObject, parseJson } from "@tau/core";
import { WebSocketServer } from "ws";

import type { KubeConnection } from "../client/kube-connection.ts";
import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";
import type { Certificates } from "./certificates.test.support.ts";
import { makeCertificates } from "./certificates.test.support.ts";
import type { ClaimFolders } from "./kubelet.test.support.ts";
import { createKubelet } from "./kubelet.test.support.ts";
import type { ServedKind } from "./resource-store.test.support.ts";
import { Refusal, ResourceStore, servedKinds } from "./resource-store.test.support.ts";

/** Options of {@link startCluster}. */
export interface ClusterOptions {
  readonly claims?: ClaimFolders;
  /** Whether the cluster's network plugin enforces policies. Default true. */
  readonly enforcesPolicies?: boolean;
  /** Requests that roles do not allow, as `verb resource`. */
  readonly forbidden?: readonly string[];
  /** Why pods never start. */
  readonly imageFailure?: string;
  /** Speaks no protocol for commands that ours does, as clusters before 1.30. */
  readonly isOld?: boolean;
  /** Called with each request before it is carried out, to change what is there in that moment. */
  readonly onRequest?: (line: string, store: ResourceStore) => void;
  /** What containers log. */
  readonly log?: string;
}

/** A cluster of one node on loopback: the API server's wire format over TLS, and containers that really run. */
export interface Cluster extends AsyncDisposable {
  readonly connection: KubeConnection;
  readonly certificates: Certificates;
  readonly store: ResourceStore;
  /** `VERB path?query` of each request, in order. */
  readonly requests: readonly string[];
  readonly token: string;
}

const token = "test-token-of-the-cluster";

/** Starts a {@link Cluster}. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const certificates = makeCertificates();
  const store = new ResourceStore();
  const kubelet = createKubelet(options.claims ?? {});
  const requests: string[] = [];
  const server = createServer({
    cert: certificates.server.certificate,
    key: certificates.server.key,
    ca: certificates.authority,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) =>
      options.isOld !== true && offered.has("v5.channel.k8s.io") ? "v5.channel.k8s.io" : false,
  });
  const context = { ...options, store, kubelet, server: "" };
  server.on("request", (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(context, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.on("upgrade", (request, socket, head) => {
    requests.push(`CONNECT ${request.url}`);
    const url = new URL(request.url ?? "/", "https://cluster");
    const [, pod] = /\/pods\/([^/]+)\/exec$/u.exec(url.pathname) ?? [];
    const refusal =
      pod === undefined ? 404 : isAuthorized(request) ? isForbidden(options, "create", "pods/exec") : 401;
    if (pod === undefined || refusal !== undefined) {
      const body = JSON.stringify(
        statusOf(new Refusal(refusal ?? 404, "Forbidden", 'pods "x" is forbidden')),
      );
      socket.end(
        `HTTP/1.1 ${refusal} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => kubelet.exec(opened, pod, url.searchParams));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    store,
    requests,
    certificates,
    token,
    connection: {
      server: url,
      namespace: "default",
      authority: certificates.authority,
      token: async () => token,
    },
    async [Symbol.asyncDispose]() {
      await kubelet.close();
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Context extends ClusterOptions {
  readonly store: ResourceStore;
  readonly kubelet: ReturnType<typeof createKubelet>;
}

function isAuthorized(request: IncomingMessage): boolean {
  if (request.headers.authorization === `Bearer ${token}`) return true;
  return "authorized" in request.socket && request.socket.authorized === true;
}

function isForbidden({ forbidden = [] }: ClusterOptions, verb: string, resource: string): 403 | undefined {
  return forbidden.includes(`${verb} ${resource}`) ? 403 : undefined;
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isAuthorized(request)) throw new Refusal(401, "Unauthorized", "Unauthorized");
  const url = new URL(request.url ?? "/", "https://cluster");
  const discovered = discover(url.pathname);
  if (discovered !== undefined) return send(response, 200, discovered);
  const target = targetOf(url.pathname);
  if (target === undefined)
    throw new Refusal(404, "NotFound", "the server could not find the requested resource");
  const verb = verbOf(request.method ?? "GET", url, target);
  if (isForbidden(context, verb, target.served.resource) !== undefined) {
    throw new Refusal(
      403,
      "Forbidden",
      `${target.served.resource} is forbidden: User "tester" cannot ${verb} resource "${target.served.resource}"`,
    );
  }
  if (target.subresource === "log") return sendLog(context, response, url);
  if (verb === "watch") return watch(context, response, { url, target });
  const body = await bodyOf(request);
  context.onRequest?.(`${request.method} ${request.url}`, context.store);
  const { status, object } = act(context, {
    verb,
    url,
    target,
    body,
    contentType: request.headers["content-type"] ?? "",
  });
  if (verb === "create" && target.served.kind === "Pod" && url.searchParams.get("dryRun") === null) {
    runPod(context, object).catch((error: unknown) => process.stderr.write(`pod: ${String(error)}\n`));
  }
  if (verb === "delete" && target.served.kind === "Pod" && target.name !== undefined) {
    await context.kubelet.stop(target.name);
  }
  const asTable = verb === "list" && request.headers.accept?.includes("as=Table") === true;
  send(response, status, asTable ? tableOf(object) : object);
}

/** What a real server makes of a list for those who ask for a table: rows carry metadata only. */
function tableOf(list: JsonObject): JsonObject {
  const rows = objectsOf(list, "items").map((item) => {
    const cells = [textOf(item, "metadata", "name"), textOf(item, "status", "phase") || null, 3];
    return { cells, object: { kind: "PartialObjectMetadata", metadata: fieldOf(item, "metadata") ?? {} } };
  });
  const columnDefinitions = ["Name", "Status", "Hidden"].map((name, index) => ({
    name,
    priority: index === 2 ? 1 : 0,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: list["metadata"] ?? {},
    columnDefinitions,
    rows,
  };
}

interface Target {
  readonly served: ServedKind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

function targetOf(path: string): Target | undefined {
  const [, core, rest = ""] = /^\/(api\/v1|apis\/[^/]+\/[^/]+)\/(.*)$/u.exec(path) ?? [];
  if (core === undefined) return undefined;
  const [, group = "", version = "v1"] = /^apis\/([^/]+)\/([^/]+)$/u.exec(core) ?? [];
  const parts = rest.split("/").map(decodeURIComponent);
  const scoped = parts[0] === "namespaces" && parts.length > 2;
  const [resource, name, subresource] = scoped ? parts.slice(2) : parts;
  const served = servedKinds.find(
    (one) => one.group === group && one.version === version && one.resource === resource,
  );
  if (served === undefined) return undefined;
  return { served, namespace: scoped ? parts[1] : undefined, name, subresource };
}

function verbOf(method: string, url: URL, { name }: Target): string {
  if (method === "GET")
    return url.searchParams.get("watch") === "true" ? "watch" : name === undefined ? "list" : "get";
  return { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" }[method] ?? method;
}

interface Action {
  readonly verb: string;
  readonly url: URL;
  readonly target: Target;
  readonly body: JsonObject | undefined;
  readonly contentType: string;
}

function act({ store }: Context, action: Action): { readonly status: number; readonly object: JsonObject } {
  const { verb, url, target, body = {}, contentType } = action;
  const { served, namespace = "" } = target;
  const dryRun = url.searchParams.get("dryRun") === "All" || JSON.stringify(body["dryRun"]) === '["All"]';
  const manager = url.searchParams.get("fieldManager") ?? "unknown";
  const name = target.name ?? textOf(body, "metadata", "name");
  const key = { served, namespace, name };
  switch (verb) {
    case "list":
      return { status: 200, object: listOf(store, action) };
    case "create":
      return { status: 201, object: store.create(key, body, { dryRun, manager }) };
    case "delete":
      return {
        status: 200,
        object: store.delete(key, { dryRun, preconditions: fieldOf(body, "preconditions") }),
      };
    case "patch": {
      if (contentType.startsWith("application/apply-patch")) {
        const force = url.searchParams.get("force") === "true";
        return { status: 200, object: store.apply(key, body, { dryRun, manager, force }) };
      }
      if (!contentType.startsWith("application/merge-patch"))
        throw new Refusal(415, "UnsupportedMediaType", contentType);
      return { status: 200, object: store.merge(key, body, { dryRun, manager }) };
    }
    default: {
      const found = store.get(key);
      if (found === undefined) throw new Refusal(404, "NotFound", `${served.resource} "${name}" not found`);
      return { status: 200, object: found };
    }
  }
}

function listOf(store: ResourceStore, { url, target }: Action): JsonObject {
  const { served, namespace } = target;
  const matching = store
    .list(served, namespace)
    .filter((object) =>
      selects(url.searchParams.get("labelSelector"), (name) => textOf(object, "metadata", "labels", name)),
    )
    .filter((object) =>
      selects(url.searchParams.get("fieldSelector"), (name) => textOf(object, ...name.split("."))),
    );
  const from = Number(url.searchParams.get("continue") ?? 0);
  const limit = Number(url.searchParams.get("limit") ?? 0) || matching.length;
  const rest = matching.length - from - limit;
  const apiVersion = served.group === "" ? served.version : `${served.group}/${served.version}`;
  return {
    kind: `${served.kind}List`,
    apiVersion,
    metadata: {
      resourceVersion: "1",
      ...(rest > 0 ? { continue: String(from + limit), remainingItemCount: rest } : {}),
    },
    items: matching.slice(from, from + limit),
  };
}

function selects(selector: string | null, valueOf: (name: string) => string): boolean {
  return (selector ?? "")
    .split(",")
    .filter((part) => part !== "")
    .every((part) => {
      const [name = "", value] = part.split("=");
      return value === undefined ? valueOf(name) !== "" : valueOf(name) === value;
    });
}

function watch(
  { store }: Context,
  response: ServerResponse,
  { url, target }: Pick<Action, "url" | "target">,
): void {
  const name = /metadata\.name=(.+)/u.exec(url.searchParams.get("fieldSelector") ?? "")?.[1];
  response.writeHead(200, { "content-type": "application/json" });
  const tell = (event: { readonly type: string; readonly object: JsonObject }): void => {
    if (event.object["kind"] !== target.served.kind) return;
    if (name === undefined || textOf(event.object, "metadata", "name") === name)
      response.write(`${JSON.stringify(event)}\n`);
  };
  for (const object of store.list(target.served, target.namespace)) tell({ type: "ADDED", object });
  response.on("close", store.watch(tell));
}

/** What scheduler and kubelet do: the pod is pending, then it is ready, or its image cannot be pulled. */
async function runPod(
  { store, kubelet, imageFailure, enforcesPolicies = true, claims = {} }: Context,
  pod: JsonObject,
): Promise<void> {
  const [served] = servedKinds;
  if (served === undefined) throw new TypeError("Pods are served.");
  const namespace = textOf(pod, "metadata", "namespace");
  const key = { served, namespace, name: textOf(pod, "metadata", "name") };
  const say = (status: JsonObject): void => {
    const live = store.get(key);
    if (live !== undefined) store.update(key, { ...live, status }, { dryRun: false, manager: "kubelet" });
  };
  say({ phase: "Pending" });
  if (imageFailure !== undefined) {
    const waiting = { reason: "ImagePullBackOff", message: imageFailure };
    return say({ phase: "Pending", containerStatuses: [{ name: "work", state: { waiting } }] });
  }
  const missing = objectsOf(pod, "spec", "volumes").map((volume) =>
    textOf(volume, "persistentVolumeClaim", "claimName"),
  );
  if (missing.some((claim) => claim !== "" && claims[claim] === undefined)) return;
  const policies = servedKinds
    .filter(({ kind }) => kind === "NetworkPolicy")
    .flatMap((kind) => store.list(kind, namespace));
  const label = "tau.dev/environment";
  const isolated = policies.some(
    (policy) =>
      textOf(policy, "spec", "podSelector", "matchLabels", label) ===
      textOf(pod, "metadata", "labels", label),
  );
  await kubelet.start(pod, { network: !(enforcesPolicies && isolated) });
  say({ phase: "Running", conditions: [{ type: "Ready", status: "True" }] });
}

function discover(path: string): JsonObject | undefined {
  const resourcesOf = (group: string, version: string): readonly JsonObject[] =>
    servedKinds
      .filter((one) => one.group === group && one.version === version)
      .map(({ resource, kind, namespaced, short = [] }) => ({
        name: resource,
        singularName: kind.toLowerCase(),
        namespaced,
        kind,
        shortNames: short,
        verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
      }));
  if (path === "/api/v1")
    return {
      kind: "APIResourceList",
      groupVersion: "v1",
      resources: [
        ...resourcesOf("", "v1"),
        { name: "pods/log", namespaced: true, kind: "Pod", verbs: ["get"] },
      ],
    };
  if (path === "/version") return { major: "1", minor: "34", gitVersion: "v1.34.0" };
  if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
  if (path === "/apis") {
    const groups = new Map(
      servedKinds.filter(({ group }) => group !== "").map(({ group, version }) => [group, version]),
    );
    return {
      kind: "APIGroupList",
      groups: [...groups].map(([name, version]) => ({
        name,
        preferredVersion: { groupVersion: `${name}/${version}`, version },
        versions: [{ groupVersion: `${name}/${version}`, version }],
      })),
    };
  }
  const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)$/u.exec(path) ?? [];
  if (group === undefined || version === undefined) return undefined;
  return {
    kind: "APIResourceList",
    groupVersion: `${group}/${version}`,
    resources: resourcesOf(group, version),
  };
}

function sendLog({ log = "" }: Context, response: ServerResponse, url: URL): void {
  const tail = Number(url.searchParams.get("tailLines") ?? 0);
  const lines = log.split("\n").slice(tail === 0 ? 0 : -tail - 1);
  response.writeHead(200, { "content-type": "text/plain" }).end(lines.join("\n"));
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject | undefined> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalError", String(error));
  send(response, refusal.status, statusOf(refusal));
}

function statusOf({ status, reason, message, causes }: Refusal): JsonObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code: status,
    ...(causes.length === 0 ? {} : { details: { causes } }),
  };
}

function send(response: ServerResponse, status: number, object: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(object));
}
