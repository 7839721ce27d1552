import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, relative } from "node:path";

import { describeEnvironment } from "@tau/tools/testing";

import { createKubeClient } from "../client/kube-client.ts";
import { startCluster } from "../cluster/api-server.test.support.ts";
import { createPodEnvironment } from "./create-pod-environment.ts";

const never = new AbortController().signal;

describeEnvironment("createPodEnvironment() with a workspace on a volume", async (profile) => {
  // The volume of the claim is this machine's folder for temporary files, so that the suite sees what is on it.
  const cluster = await startCluster({ claims: { disk: tmpdir() } });
  const parent = isAbsolute(profile.workspace) ? dirname(profile.workspace) : tmpdir();
  const mountPath = existsSync(parent) ? parent : tmpdir();
  const client = createKubeClient(cluster.connection);
  try {
    const environment = await createPodEnvironment(
      {
        client,
        profile,
        image: "this-machine",
        workspace: { kind: "claim", claim: "disk", mountPath, subPath: relative(tmpdir(), mountPath) },
      },
      never,
    );
    return {
      ...environment,
      async [Symbol.asyncDispose]() {
        await environment[Symbol.asyncDispose]();
        client.close();
        await cluster[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    client.close();
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
});
