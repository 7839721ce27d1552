import { isIP } from "node:net";

import ipaddr from "ipaddr.js";

import { egressError } from "./egress-error.ts";

/** Decides which addresses may be dialled. Pure. */
export interface AddressPolicy {
  /** Why `address` may not be dialled, as the end of a sentence; undefined when it may. */
  refusal(address: string): string | undefined;
}

type Address = ReturnType<typeof ipaddr.parse>;
type Range = readonly [Address, number];

/**
 * Addresses inside of public or private ranges that answer any program of a machine with what only its owner should
 * know, or that command the machine: the metadata services of clouds. Source: the vendors' documentation.
 */
const metadata: readonly Range[] = [
  "169.254.0.0/16", // AWS, Azure, Google, Oracle, DigitalOcean, …; of link-local addresses there is nothing else to want
  "100.100.100.200/32", // Alibaba
  "168.63.129.16/32", // Azure's wire server: a public address
  "192.0.0.192/32", // Oracle
  "fd00:ec2::/32", // AWS
  "fd20:ce::/32", // Google
].map((range) => parseRange(range));

const globalUnicast = parseRange("2000::/3");
/** The widest range that a setting may open. Wider ones would hold more than their writer thinks of. */
const widest = { ipv4: 8, ipv6: 7 } as const;

const names: Readonly<Record<string, string>> = {
  private: "a private network",
  uniqueLocal: "a private network",
  loopback: "this machine itself",
  unspecified: "this machine itself",
  linkLocal: "the local link",
  carrierGradeNat: "a carrier's network",
  ipv4Mapped: "an IPv4 address in disguise",
  rfc6145: "an IPv4 address in disguise",
  rfc6052: "an IPv4 address in disguise",
  "6to4": "an IPv4 address in disguise",
  teredo: "an IPv4 address in disguise",
};

/**
 * Makes the policy that lets only public addresses through, and those in `allowed`: addresses and ranges such as
 * `10.1.0.0/16` or `127.0.0.1`.
 *
 * What belongs to a cloud's metadata is opened by its exact address only, and no range may be wider than a /8 (IPv6: a /7).
 *
 * @throws TauError `egress.invalid_rule`
 */
export function createAddressPolicy(allowed: readonly string[] = []): AddressPolicy {
  const ranges = allowed.map((text) => openedRange(text));
  return {
    refusal(text) {
      const address = parseAddress(text);
      if (address === undefined) return "is no address";
      const kind = kindOf(address);
      if (kind === undefined) return undefined;
      const exactly = metadata.some((range) => within(address, range));
      const open = ranges.some((range) => within(address, range) && (!exactly || isSingle(range)));
      return open ? undefined : `belongs to ${kind}`;
    },
  };
}

/** What a forbidden address belongs to; undefined for a public one. */
function kindOf(address: Address): string | undefined {
  if (metadata.some((range) => within(address, range))) return "a cloud's metadata service";
  const range = address.range();
  if (range !== "unicast") return names[range] ?? "a reserved network";
  // What no list knows is not public: IPv4-compatible addresses, and blocks that were never given out.
  if (address.kind() === "ipv6" && !within(address, globalUnicast)) return "a reserved network";
  return undefined;
}

function parseAddress(text: string): Address | undefined {
  // Zones name an interface of this machine; no public address has one. Of the rest the strict forms only: what a
  // lenient parser takes for `010.1` is not what others take it for.
  return text.includes("%") || isIP(text) === 0 ? undefined : ipaddr.parse(text);
}

function openedRange(text: string): Range {
  const single = parseAddress(text);
  if (single !== undefined) return [single, single.kind() === "ipv4" ? 32 : 128];
  if (isIP(text.split("/", 1)[0] ?? "") === 0 || !ipaddr.isValidCIDR(text)) {
    throw egressError(
      "egress.invalid_rule",
      `The address range "${text}" cannot be read. Write it as 10.1.0.0/16, 192.168.1.5 or fd12::/48.`,
    );
  }
  const range = parseRange(text);
  const [address, bits] = range;
  if (bits >= widest[address.kind()]) return range;
  throw egressError(
    "egress.invalid_rule",
    `The address range "${text}" is wider than a /${widest[address.kind()]}. Write the networks that you mean.`,
  );
}

function parseRange(text: string): Range {
  const [address, bits] = ipaddr.parseCIDR(text);
  return [address, bits];
}

function within(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}

function isSingle([address, bits]: Range): boolean {
  return bits === (address.kind() === "ipv4" ? 32 : 128);
}
