import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ExecRequest, OwnedEnvironment } from "@tau/tools";

import type { Cluster, ClusterOptions } from "../cluster/api-server.test.support.ts";
import { startCluster } from "../cluster/api-server.test.support.ts";
import { createKubeClient } from "../client/kube-client.ts";
import type { KubeClient } from "../client/kube-client.ts";
import { createPodEnvironment } from "./create-pod-environment.ts";
import type { PodOptions } from "./pod-options.ts";

/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal;

/** A cluster, a client of it and an empty workspace. */
export interface ClusterFixture extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly workspace: string;
  at(path: string): string;
  open(options?: Partial<PodOptions>): Promise<OwnedEnvironment>;
}

/** Makes a {@link ClusterFixture}. */
export async function clusterFixture(options: ClusterOptions = {}): Promise<ClusterFixture> {
  const cluster = await startCluster(options);
  const client = createKubeClient(cluster.connection);
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "tau-pod-")));
  const opened: OwnedEnvironment[] = [];
  return {
    cluster,
    client,
    workspace,
    at: (path) => join(workspace, path),
    async open(more = {}) {
      const profile = { access: "workspace-write", network: false, workspace } as const;
      const environment = await createPodEnvironment(
        { client, profile, image: "this-machine", ...more },
        never,
      );
      opened.push(environment);
      return environment;
    },
    async [Symbol.asyncDispose]() {
      for (const environment of opened) await environment[Symbol.asyncDispose]();
      client.close();
      await cluster[Symbol.asyncDispose]();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

/** What a line for bash did and said. */
export async function run(
  environment: Pick<OwnedEnvironment, "exec">,
  line: string,
  more: Partial<ExecRequest> = {},
): Promise<{ readonly exitCode: number; readonly said: string }> {
  let said = "";
  const { exitCode } = await environment.exec(
    {
      argv: ["bash", "-c", line],
      timeoutMs: 30_000,
      onOutput(chunk) {
        said += Buffer.from(chunk).toString();
      },
      ...more,
    },
    never,
  );
  return { exitCode, said };
}
