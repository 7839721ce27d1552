import { setTimeout as delay } from "node:timers/promises";

import { TauError } from "@tau/core";

import { lookContainer } from "./pod-manifest.ts";
import type { PodOptions } from "./pod-options.ts";
import { notReached, reached, reachScript } from "./pod-scripts.ts";
import type { PodShell } from "./pod-shell.ts";

const tries = 5;
const pauseMs = 1_000;
const untried =
  "whether the cluster enforces its network policy could not be tried: the image may have neither bash nor nc";

/** What came of trying. */
export interface NetworkTrial {
  /** Whether commands reach no more than the profile allows. */
  readonly held: boolean;
  /** What is not as the profile says, each a few words. */
  readonly gaps: readonly string[];
}

/**
 * Tries to reach the network from inside of a pod that should have none: a policy is only as good as the network plugin
 * that may or may not enforce it. Answers what is not kept. Throws `kubernetes.pod_failed` when it was reached, unless allowed.
 */
export async function tryNetwork(
  { profile, client, networkProbe, allowOpenNetwork = false }: PodOptions,
  shell: PodShell,
  signal: AbortSignal,
): Promise<NetworkTrial> {
  if (profile.network === true) return { held: true, gaps: [] };
  const named =
    typeof profile.network === "object"
      ? ["named hosts are not reached: a pod has all of the network or none"]
      : [];
  const url = new URL(client.connection.server);
  const fallback = `${url.hostname}:${url.port === "" ? "443" : url.port}`;
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/u.exec(networkProbe ?? fallback) ?? [];
  for (let round = 0; round < tries; round++) {
    // A plugin may take a moment until it has programmed the policy of a new pod.
    if (round > 0) await delay(pauseMs, undefined, { signal });
    const { exitCode } = await shell(reachScript, { args: [host, port], container: lookContainer }, signal);
    if (exitCode === notReached) return { held: true, gaps: named };
    if (exitCode !== reached) return { held: false, gaps: [...named, untried] };
  }
  if (!allowOpenNetwork) {
    throw new TauError(
      "kubernetes.pod_failed",
      "The pod should have no network, but it reached the API server: this cluster's network plugin does not enforce NetworkPolicy. Use a plugin that does, such as Calico or Cilium, or allow an open network explicitly.",
    );
  }
  return {
    held: false,
    gaps: [...named, "the cluster does not enforce its network policy: commands reach the network"],
  };
}
