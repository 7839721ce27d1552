import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { createPodDriver, createPodEnvironment, removeLeftovers } from "@tau/kubernetes";
import type { KubeClient, PodSettings } from "@tau/kubernetes";

import type { Finding } from "../doctor/finding.ts";
import { openKubeClient, textIn, textsIn, versionIn } from "../kubernetes-client.ts";
import { localTenant } from "../local-context.ts";
import type { Settings } from "../settings.ts";
import type { EnvironmentFile } from "./environment-file.ts";

const defaultImage = "debian:stable-slim";

/** A pod of a cluster, with a copy of the workspace or a volume. What is in it is its image's: no program of this machine. */
export const kubernetesFile: EnvironmentFile = {
  async open({ settings, profile, caller }) {
    const client = await openKubeClient({ section: sectionOf(settings), cwd: settings.cwd });
    try {
      const options = { ...podSettings(settings, client, caller.tenant), profile };
      const { signal } = new AbortController();
      await sweep(client, signal);
      const environment = await createPodEnvironment(options, signal);
      return {
        ...environment,
        async [Symbol.asyncDispose]() {
          await environment[Symbol.asyncDispose]();
          client.close();
        },
      };
    } catch (error) {
      client.close();
      throw error;
    }
  },
  async *check(settings) {
    const client = await openKubeClient({ section: sectionOf(settings), cwd: settings.cwd });
    try {
      const asked = { verb: "get", resource: "version" };
      const version = await client.json({ path: "/version", asked }, new AbortController().signal);
      const { namespace } = client.connection;
      const { image, runtimeClass } = podSettings(settings, client, localTenant);
      const isolation = runtimeClass === undefined ? "the cluster's own runtime" : runtimeClass;
      const words = `${versionIn(version)}, namespace ${namespace}, image ${image}, ${isolation}`;
      yield {
        check: "sandbox",
        result: "ok",
        detail: `kubernetes ${words}; --sandbox tries a pod`,
      };
    } finally {
      client.close();
    }
  },
  inspect,
};

/** Makes a pod with an empty folder, tries what it should not do, and deletes it. */
async function* inspect(settings: Settings): AsyncGenerator<Finding> {
  const client = await openKubeClient({ section: sectionOf(settings), cwd: settings.cwd });
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "tau-doctor-")));
  try {
    const { profile: access, network } = settings;
    const driver = createPodDriver(podSettings(settings, client, localTenant));
    const report = await driver.probe({ access, network, workspace }, new AbortController().signal);
    if (!report.usable) {
      yield { check: "sandbox", result: "fault", detail: `${report.reason} ${report.remedy}` };
      return;
    }
    yield { check: "driver", result: "ok", detail: `pod, profile ${settings.profile}` };
    for (const detail of report.enforced) yield { check: "enforced", result: "ok", detail };
    for (const gap of report.unenforced) yield { check: "not kept", result: "note", detail: gap };
    yield {
      check: "escapes",
      result: "note",
      detail: "the escape suite is the jail's; it is not run in pods",
    };
  } finally {
    client.close();
    await rm(workspace, { recursive: true, force: true });
  }
}

/** Removes pods that processes left which crashed. Whoever may not list pods can make one all the same. */
async function sweep(client: KubeClient, signal: AbortSignal): Promise<void> {
  try {
    await removeLeftovers(client, client.connection.namespace, signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "kubernetes.forbidden") throw error;
  }
}

function sectionOf({ environments }: Settings): Readonly<Record<string, unknown>> {
  return environments["kubernetes"] ?? {};
}

function podSettings(settings: Settings, client: KubeClient, tenant: string): PodSettings {
  const section = sectionOf(settings);
  const runtimeClass = textIn(section, "runtime_class");
  const claim = textIn(section, "claim");
  const named = (key: "cpu" | "memory" | "disk"): PodSettings["limits"] => {
    const value = textIn(section, key);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    client,
    tenant,
    image: textIn(section, "image") ?? defaultImage,
    limits: { ...named("cpu"), ...named("memory"), ...named("disk") },
    allowOpenNetwork: section["open_network"] === true,
    workspace:
      claim === undefined ? { kind: "copy", exclude: textsIn(section, "exclude") } : { kind: "claim", claim },
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
  };
}
