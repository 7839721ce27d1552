import type { EgressCredential, SecretSource } from "@tau/egress";
import type { NetworkGate } from "@tau/tools";

import { createEgressLog } from "./egress-log.ts";
import { resolveSecret } from "./resolve-secret.ts";
import type { Settings } from "./settings.ts";

/** Whose commands go through a gate. */
export interface GateCaller {
  readonly tenant: string;
  readonly session?: string;
}

/** Makes the gate for the hosts of the settings; undefined when they name none. Starts nothing. Throws `egress.invalid_rule`. */
export async function openGate(settings: Settings, caller: GateCaller): Promise<NetworkGate | undefined> {
  const { network, egress, home } = settings;
  if (typeof network === "boolean") return undefined;
  // The proxy and its client cost 100 ms, and most runs have no network.
  const { createEgressGate } = await import("@tau/egress");
  return createEgressGate({
    caller,
    hosts: network.hosts,
    addresses: egress.addresses,
    credentials: egress.credentials.map((each) => toCredential(each)),
    secrets: secretSource,
    audit: createEgressLog(home),
  });
}

/** Follows the references of credentials when a request needs one. */
export const secretSource: SecretSource = {
  read: async (reference) => await resolveSecret(reference, "credentials.secret", { env: process.env }),
};

function toCredential({
  plain_http: plainHttp,
  ...rest
}: Settings["egress"]["credentials"][number]): EgressCredential {
  return { ...rest, ...(plainHttp === undefined ? {} : { plainHttp }) };
}
