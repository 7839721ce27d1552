import { localTenant } from "../local-context.ts";
import { openGate, secretSource } from "../open-gate.ts";
import type { Settings } from "../settings.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Opens the way out that commands would have, and looks whether every credential can be read. */
export async function* checkNetwork(settings: Settings): AsyncGenerator<Finding> {
  const { network, egress, environment } = settings;
  if (network === false) {
    yield { check: "network", result: "note", detail: "none for commands; the tools fetch and http ask" };
    return;
  }
  if (network === true) {
    yield {
      check: "network",
      result: "note",
      detail: "all of this machine's, its loopback and metadata included",
    };
    return;
  }
  if (environment === "host") {
    yield {
      check: "network",
      result: "note",
      detail: "hosts are named, but nothing keeps commands on the host to them",
    };
    return;
  }
  try {
    await using gate = await openGate(settings, { tenant: localTenant });
    const pass = await gate?.enter({}, new AbortController().signal);
    pass?.leave();
    const credentials = egress.credentials.map(({ name, host }) => `${name} for ${host}`);
    const detail = [
      network.hosts.join(", "),
      ...(credentials.length === 0 ? [] : [`with ${credentials.join(", ")}`]),
    ];
    yield { check: "network", result: "ok", detail: `commands reach ${detail.join("; ")}` };
  } catch (error) {
    yield faultOf("network", error);
  }
  for (const { secret } of egress.credentials) {
    try {
      await secretSource.read(secret, new AbortController().signal);
    } catch (error) {
      yield faultOf("network", error);
    }
  }
}
