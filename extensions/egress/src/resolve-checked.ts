import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";

import { createAddressPolicy } from "./address-policy.ts";
import type { AddressPolicy } from "./address-policy.ts";
import { egressError } from "./egress-error.ts";
import { unlisted } from "./host-list.ts";
import type { HostList } from "./host-list.ts";
import { describeTarget } from "./target.ts";
import type { Target } from "./target.ts";

/** Finds the addresses of a name. An empty answer, like a failure, means that there are none. */
export type Lookup = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** What decides where connections may go. */
export interface EgressRules {
  /** Absent: every host. */
  readonly hosts?: HostList;
  readonly addresses: AddressPolicy;
  readonly lookup: Lookup;
}

/** Asks the system's resolver. */
export const lookupSystem: Lookup = async (host) =>
  (await systemLookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);

/**
 * The addresses of a target, resolved once and every one of them checked: connections are made to these and no others.
 *
 * One forbidden address among several refuses the host, because an honest name has no such mixture.
 *
 * @throws TauError `egress.denied`, `egress.unresolved`
 */
export async function resolveChecked(
  target: Target,
  rules: EgressRules,
  signal: AbortSignal,
): Promise<readonly string[]> {
  assertListed(target, rules);
  const addresses = isIP(target.host) === 0 ? await addressesOf(target.host, rules, signal) : [target.host];
  const named = createAddressPolicy(rules.hosts?.addressesFor(target) ?? []);
  for (const address of addresses) {
    const refusal = named.refusal(address) === undefined ? undefined : rules.addresses.refusal(address);
    if (refusal === undefined) continue;
    const what = address === target.host ? address : `${describeTarget(target)} leads to ${address}, which`;
    throw egressError("egress.denied", `The network refuses this: ${what} ${refusal}.`);
  }
  return addresses;
}

/** Throws `egress.denied` unless the target is listed. */
export function assertListed(target: Target, { hosts }: Pick<EgressRules, "hosts">): void {
  if (hosts === undefined || hosts.allows(target)) return;
  throw egressError("egress.denied", `The network refuses this: ${unlisted(target, hosts)}.`);
}

async function addressesOf(
  host: string,
  { lookup }: EgressRules,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let failure: unknown;
  const found = await lookup(host, signal).catch((error: unknown) => {
    failure = error;
    return [];
  });
  signal.throwIfAborted();
  if (found.length > 0) return found;
  throw egressError("egress.unresolved", `The name ${host} has no address.`, failure);
}
