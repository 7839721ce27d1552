import { matchesWildcard } from "./wildcard.ts";
import type { Wildcard } from "./wildcard.ts";

/** Tells whether a host pattern covers `host`, however it is spelt: case, port, final dot, `0x7f.1` for `127.0.0.1`. */
export function matchesHost(pattern: Wildcard, host: string): boolean {
  const lower = pattern.map((piece) => piece.toLowerCase());
  return spellings(host).some((spelling) => matchesWildcard(lower, spelling));
}

function spellings(host: string): readonly string[] {
  const written = host.trim().toLowerCase();
  const withoutPort = written.replace(/:\d+$/, "");
  const url = URL.parse(`http://${withoutPort}/`);
  return [
    written,
    withoutPort,
    withoutPort.replace(/\.$/, ""),
    url?.hostname.replace(/\.$/, "") ?? withoutPort,
  ];
}
