import { clusterKeys } from "./cluster-keys.ts";
import { countFrom, flag, text, texts } from "./config-checks.ts";
import type { Checks } from "./config-checks.ts";
import type { EnvironmentFile } from "./environments/environment-file.ts";

/**
 * A kind of place where commands run: a row here, and a file of its own below `environments/` that is loaded when it is
 * chosen. Nothing else of the command has to know of it.
 */
export interface EnvironmentKind {
  /** Its word for `--environment` and `environment.kind`. */
  readonly name: string;
  /** What it is, for the help: goes on after its name. */
  readonly does: string;
  /** What `[environment.NAME]` of a tau.toml may say. */
  readonly keys?: Checks;
  readonly load: () => Promise<EnvironmentFile>;
}

/** Every kind, the default first. */
export const environmentKinds: readonly EnvironmentKind[] = [
  {
    name: "jail",
    does: "a sandbox of this machine, the strongest that works on it",
    keys: {
      memory_mb: countFrom(1),
      processes: countFrom(1),
      cpu_seconds: countFrom(1),
      file_mb: countFrom(1),
      tmp_mb: countFrom(1),
    },
    load: async () => (await import("./environments/jail.ts")).jailFile,
  },
  {
    name: "landlock",
    does: "a sandbox without namespaces, which keeps less",
    load: async () => (await import("./environments/landlock.ts")).landlockFile,
  },
  {
    name: "container",
    does: "containers of Docker or Podman, by [environment.container]",
    keys: {
      image: text,
      engine: text,
      pull: flag,
      runtime: text,
      memory_mb: countFrom(1),
      processes: countFrom(1),
      tmp_mb: countFrom(1),
    },
    load: async () => (await import("./environments/container.ts")).containerFile,
  },
  {
    name: "kubernetes",
    does: "a pod of a cluster, by [environment.kubernetes]",
    keys: {
      ...clusterKeys,
      image: text,
      runtime_class: text,
      exclude: texts,
      claim: text,
      cpu: text,
      memory: text,
      disk: text,
      open_network: flag,
    },
    load: async () => (await import("./environments/kubernetes.ts")).kubernetesFile,
  },
  {
    name: "host",
    does: "no sandbox at all",
    load: async () => (await import("./environments/host.ts")).hostFile,
  },
];

/** The names of all kinds. */
export const environmentNames: readonly string[] = environmentKinds.map(({ name }) => name);

/** Loads a kind; the names of settings are checked when they are read. */
export async function loadEnvironment(name: string): Promise<EnvironmentFile> {
  const kind = environmentKinds.find((one) => one.name === name);
  if (kind === undefined) throw new RangeError(`There is no environment ${JSON.stringify(name)}.`);
  return await kind.load();
}
