import { isIP } from "node:net";

import { getDomain } from "tldts";

import { egressError } from "./egress-error.ts";
import { describeTarget, parseTarget } from "./target.ts";
import type { Target } from "./target.ts";

/** Which hosts may be reached. Pure. */
export interface HostList {
  /** As they were written. */
  readonly entries: readonly string[];
  /** Whether `target` may be reached. */
  allows(target: Target): boolean;
  /** Whether a name may be reached on some port: what a resolver needs to know. */
  knows(host: string): boolean;
  /** Every port that some entry opens. */
  readonly ports: readonly number[];
  /** Entries that are addresses or `localhost`: what programs reach without asking for a name. */
  readonly literals: readonly Target[];
  /** What an entry opens beside public addresses: an address that is listed itself, and loopback for `localhost`. */
  addressesFor(target: Target): readonly string[];
}

interface Entry {
  /** Absent: every host. */
  readonly host?: string;
  readonly below: boolean;
  readonly ports: readonly number[];
}

const webPorts: readonly number[] = [80, 443];
const loopback: readonly string[] = ["127.0.0.1", "::1"];

/**
 * Reads hosts as people list them: `example.org`, `*.example.org` (what is below it, not itself), `git.example.org:22`,
 * `127.0.0.1:8080`, `[::1]:8080`; `*` for every public host. Without a port, 80 and 443.
 *
 * A wildcard covers one owner's names only: `*.org`, `*.co.uk` and `*.github.io` belong to everybody and are refused.
 *
 * @throws TauError `egress.invalid_rule`
 */
export function createHostList(hosts: readonly string[]): HostList {
  const entries = hosts.map((text) => parseEntry(text));
  const matching = (target: Target): readonly Entry[] =>
    entries.filter((entry) => entry.ports.includes(target.port) && covers(entry, target.host));
  return {
    entries: hosts,
    ports: [...new Set(entries.flatMap(({ ports }) => ports))],
    literals: entries.flatMap(({ host, below, ports }) =>
      host !== undefined && !below && isLiteral(host) ? ports.map((port) => ({ host, port })) : [],
    ),
    allows: (target) => matching(target).length > 0,
    knows: (host) => entries.some((entry) => covers(entry, host)),
    addressesFor(target) {
      const named = matching(target).some(({ host, below }) => host === target.host && !below);
      if (!named) return [];
      if (target.host === "localhost") return loopback;
      return isIP(target.host) === 0 ? [] : [target.host];
    },
  };
}

/** Why a target that no entry covers may not be reached. */
export function unlisted(target: Target, list: HostList): string {
  const shown = list.entries.slice(0, 20).join(", ");
  const more = list.entries.length > 20 ? ", …" : "";
  return `${describeTarget(target)} is not among the hosts that may be reached (${shown === "" ? "none" : shown + more})`;
}

function parseEntry(text: string): Entry {
  const { wildcard = "", rest = "" } = /^(?<wildcard>\*\.?)?(?<rest>.*)$/su.exec(text.trim())?.groups ?? {};
  if (wildcard === "*") {
    const { digits } = /^(?::(?<digits>\d{1,5}))?$/u.exec(rest)?.groups ?? { digits: "none" };
    if (digits === "none") throw unreadable(text);
    return { below: true, ports: digits === undefined ? webPorts : [Number(digits)] };
  }
  const target = parseTarget(rest, 443);
  if (target === undefined) throw unreadable(text);
  const below = wildcard !== "";
  if (below && (isIP(target.host) !== 0 || isShared(target.host))) {
    throw egressError(
      "egress.invalid_rule",
      `The host "${text}" covers names of many owners. Name the hosts, or a wildcard below one owner's domain.`,
    );
  }
  return { host: target.host, below, ports: /:\d+$/u.test(rest) ? [target.port] : webPorts };
}

function isLiteral(host: string): boolean {
  return isIP(host) !== 0 || host === "localhost";
}

/** Below these, everybody who rents a machine gets a name; the list of public suffixes has only parts of them. */
const rented: ReadonlySet<string> = new Set([
  "aliyuncs.com",
  "amazonaws.com",
  "azure.com",
  "googleusercontent.com",
  "oraclecloud.com",
  "windows.net",
]);

/** Whether anybody can have a name below it. */
function isShared(domain: string): boolean {
  return rented.has(domain) || getDomain(domain, { allowPrivateDomains: true }) === null;
}

function covers({ host, below }: Entry, name: string): boolean {
  if (host === undefined) return isIP(name) === 0 && name !== "localhost";
  return below ? name.endsWith(`.${host}`) : name === host;
}

function unreadable(text: string): ReturnType<typeof egressError> {
  return egressError(
    "egress.invalid_rule",
    `The host "${text}" cannot be read. Write it as example.org, *.example.org or git.example.org:22, without https:// or a path.`,
  );
}
