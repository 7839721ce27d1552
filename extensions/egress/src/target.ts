import { isIP } from "node:net";

import { egressError } from "./egress-error.ts";

/** Where a request goes. */
export interface Target {
  /** Lower case, in ASCII, without a final dot; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
const maxUrlChars = 8_192;

/** A URL that may be requested, with where it goes. */
export interface ParsedUrl extends Target {
  readonly url: URL;
}

/**
 * Reads a URL as programs do that connect: `0x7f.1`, `2130706433` and `①②⑦.0.0.1` are `127.0.0.1`, names are punycode.
 *
 * @throws TauError `egress.invalid_url`
 */
export function parseUrl(text: string | URL): ParsedUrl {
  const url = String(text).length > maxUrlChars ? null : URL.parse(String(text));
  if (url === null) throw egressError("egress.invalid_url", "The URL is not a valid one.");
  const defaultPort = defaultPorts[url.protocol];
  if (defaultPort === undefined) {
    const said = url.protocol.slice(0, 20);
    throw egressError("egress.invalid_url", `The URL begins with ${said}; only http and https are fetched.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw egressError(
      "egress.invalid_url",
      "The URL holds a user or a password before the host. Leave them out.",
    );
  }
  const host = normalHost(url.hostname);
  if (host === undefined) throw egressError("egress.invalid_url", "The URL names no valid host.");
  return { url, host, port: url.port === "" ? defaultPort : Number(url.port) };
}

/** Reads `host`, or `host:port`, or `[v6]:port`; undefined when it is neither. */
export function parseTarget(text: string, defaultPort: number): Target | undefined {
  const { name = "", digits } =
    /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<digits>\d{1,5}))?$/u.exec(text)?.groups ?? {};
  const host = toHost(name);
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** The one spelling of a host, as in {@link Target}; undefined when it is none. */
function toHost(name: string): string | undefined {
  if (/[/?#@\\\s]/u.test(name)) return undefined;
  const url = URL.parse(`http://${isIP(name) === 6 ? `[${name}]` : name}/`);
  return url === null || url.port !== "" ? undefined : normalHost(url.hostname);
}

/** The target of a URL's host, which is a valid one. */
export function toTarget(hostname: string, port: number): Target {
  return { host: normalHost(hostname) ?? hostname, port };
}

/** How a target is written in a rule and in a message. */
export function describeTarget({ host, port }: Target): string {
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return port === 80 || port === 443 ? shown : `${shown}:${port}`;
}

/** A text of strangers on one line, for messages that models and people read. */
export function printable(text: string): string {
  const line = text.replaceAll(/[^\x21-\x7e]/gu, "?");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}

function normalHost(hostname: string): string | undefined {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/u, "").toLowerCase();
  if (isIP(bare) !== 0) return bare;
  const labels = bare.split(".");
  const wellFormed = bare.length <= 253 && labels.every((label) => /^[a-z0-9_-]{1,63}$/u.test(label));
  return wellFormed ? bare : undefined;
}
