import { isIP } from "node:net";

import { TauError } from "@tau/core";

/** What the door lets in beside the machine itself. */
export interface DoorOptions {
  /** Check that calls name this machine: on for a server on loopback. */
  readonly onlyLoopbackHosts: boolean;
  /** Further host names, without port, for example behind a proxy on this machine. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call, for example `https://console.example.org`. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Keeps web pages out that a browser on this machine happens to show.
 *
 * A page cannot read answers of another origin, but it can send: so a foreign `Origin` is refused, also when the
 * call has no effect. And a page whose name was rebound to 127.0.0.1 still says its own name in `Host`.
 *
 * @returns why the call is refused, or undefined
 */
export function refuseForeign(url: string, headers: Headers, options: DoorOptions): TauError | undefined {
  const { hostname, host } = new URL(url);
  if (options.onlyLoopbackHosts && !isLoopbackHost(hostname) && !options.allowedHosts.includes(hostname)) {
    return new TauError(
      "server.host_refused",
      `The call names the host ${JSON.stringify(hostname.slice(0, 100))}; use 127.0.0.1 or localhost, or add the name to allowedHosts.`,
      { class: "auth" },
    );
  }
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== null && options.allowedOrigins.includes(origin)) return undefined;
  const foreignOrigin = origin !== null && !isSameOrigin(origin, host);
  if (!foreignOrigin && site !== "cross-site" && site !== "same-site") return undefined;
  return new TauError(
    "server.origin_refused",
    `The call comes from a web page of the origin ${JSON.stringify((origin ?? "unknown").slice(0, 100))}; add it to allowedOrigins if the page is yours.`,
    { class: "auth" },
  );
}

function isSameOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Tells whether a name or an address can only mean this machine. */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}
