import { TauError } from "@tau/core";

import type { KubeClient } from "./kube-client.ts";
import { fieldOf, objectsOf, textOf } from "./kube-fields.ts";

/** A kind of resource that a cluster serves. */
export interface ApiResource {
  /** Empty for the core. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Other names for it, in small letters. */
  readonly names: readonly string[];
}

/** Finds out what a cluster serves. What was found is kept for ten minutes. */
export interface Discovery {
  all(signal: AbortSignal): Promise<readonly ApiResource[]>;
  /** By plural, singular, short name or kind; `name.group` tells apart. Throws `kubernetes.unknown_resource`. */
  find(name: string, signal: AbortSignal): Promise<ApiResource>;
  /** By what a manifest says. Throws `kubernetes.unknown_resource`. */
  ofKind(apiVersion: string, kind: string, signal: AbortSignal): Promise<ApiResource>;
}

const keptMs = 10 * 60_000;

/** Makes a {@link Discovery}. */
export function createDiscovery(client: KubeClient): Discovery {
  let kept: { readonly resources: readonly ApiResource[]; readonly until: number } | undefined;
  const all = async (signal: AbortSignal): Promise<readonly ApiResource[]> => {
    if (kept !== undefined && performance.now() < kept.until) return kept.resources;
    const resources = await discover(client, signal);
    kept = { resources, until: performance.now() + keptMs };
    return resources;
  };
  return {
    all,
    async find(name, signal) {
      const [short = "", ...rest] = name.toLowerCase().split(".");
      const group = rest.join(".");
      const found = (await all(signal)).find(
        (one) => one.names.includes(short) && (group === "" || one.group === group),
      );
      if (found === undefined) throw unknown(name);
      return found;
    },
    async ofKind(apiVersion, kind, signal) {
      const found = (await all(signal)).find((one) => one.kind === kind && versionOf(one) === apiVersion);
      if (found === undefined) throw unknown(`${apiVersion} ${kind}`);
      return found;
    },
  };
}

/** `v1`, or `apps/v1`. */
function versionOf({ group, version }: Pick<ApiResource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

/**
 * The path of a resource, or of one object of it.
 *
 * @throws TauError `kubernetes.invalid` for a name that addresses read as a step: `pods/..` is the namespace, `pods/.` all pods
 */
export function pathOf(
  resource: ApiResource,
  {
    namespace,
    name,
    subresource,
  }: { readonly namespace?: string; readonly name?: string; readonly subresource?: string },
): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${versionOf(resource)}`;
  const parts = [
    ...(resource.namespaced && namespace !== undefined ? ["namespaces", namespace] : []),
    resource.resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const step = parts.find((part) => /^\.{0,2}$/u.test(part));
  if (step !== undefined)
    throw new TauError(
      "kubernetes.invalid",
      `${JSON.stringify(step)} is no name of an object or a namespace.`,
    );
  return `${base}/${parts.map(encodeURIComponent).join("/")}`;
}

/** `pods`, or `deployments.apps`. */
export function fullName({ resource, group }: Pick<ApiResource, "resource" | "group">): string {
  return group === "" ? resource : `${resource}.${group}`;
}

async function discover(client: KubeClient, signal: AbortSignal): Promise<readonly ApiResource[]> {
  const asked = { verb: "get", resource: "the list of resources" };
  const groups = await client.json({ path: "/apis", asked }, signal);
  const versions = objectsOf(groups, "groups").map((group) =>
    textOf(group, "preferredVersion", "groupVersion"),
  );
  const lists = await Promise.all([
    client.json({ path: "/api/v1", asked }, signal),
    // An aggregated API whose server is down must not hide the others.
    ...versions.map(
      async (version) =>
        await client.json({ path: `/apis/${version}`, asked }, signal).catch(() => undefined),
    ),
  ]);
  signal.throwIfAborted();
  return lists.flatMap((list) => resourcesOf(list));
}

function resourcesOf(list: Parameters<typeof objectsOf>[0]): readonly ApiResource[] {
  const [first = "", second] = textOf(list, "groupVersion").split("/");
  const [group, version] = second === undefined ? ["", first] : [first, second];
  return objectsOf(list, "resources").flatMap((one): readonly ApiResource[] => {
    const resource = textOf(one, "name");
    if (resource === "" || resource.includes("/")) return []; // subresources
    const kind = textOf(one, "kind");
    const names = [
      resource,
      textOf(one, "singularName"),
      kind.toLowerCase(),
      ...stringsOf(one, "shortNames"),
    ];
    const namespaced = fieldOf(one, "namespaced") === true;
    return [{ group, version, resource, kind, namespaced, verbs: stringsOf(one, "verbs"), names }];
  });
}

function stringsOf(value: Parameters<typeof fieldOf>[0], name: string): readonly string[] {
  const found: unknown = fieldOf(value, name);
  return Array.isArray(found) ? found.map(String) : [];
}

function unknown(name: string): TauError {
  return new TauError(
    "kubernetes.unknown_resource",
    `The cluster serves no "${name.slice(0, 100)}". Use verb "resources" to see what it serves.`,
  );
}
