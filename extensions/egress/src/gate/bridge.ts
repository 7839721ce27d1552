import { connect } from "node:net";
import type { Socket } from "node:net";

/** Where a captured connection goes. */
export interface BridgeTarget {
  /** The proxy's unix socket. */
  readonly proxy: string;
  readonly host: string;
  readonly port: number;
}

const maxHeadBytes = 16_384;
/** A fatal alert, "access denied" (RFC 8446 section 6): TLS clients name it instead of a broken connection. */
const accessDenied = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** Joins a connection, which must be paused, with the proxy's tunnel to the target; a refusal is told in the client's protocol. */
export function bridge(client: Socket, { proxy, host, port }: BridgeTarget): void {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const upstream = connect({ path: proxy, allowHalfOpen: true });
  for (const socket of [client, upstream]) {
    socket.on("error", () => {
      client.destroy();
      upstream.destroy();
    });
  }
  client.on("close", () => upstream.destroy());
  upstream.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  let head = Buffer.alloc(0);
  upstream.on("data", function listen(chunk: Buffer) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) {
      if (head.length > maxHeadBytes) upstream.destroy();
      return;
    }
    upstream.off("data", listen);
    upstream.pause();
    const rest = head.subarray(end + 4);
    if (head.toString("latin1", 0, 16).startsWith("HTTP/1.1 200 ")) {
      if (rest.length > 0) upstream.unshift(rest);
      client.pipe(upstream);
      upstream.pipe(client);
    } else refuse(client, upstream, { port, head });
  });
  upstream.on("close", () => client.destroy());
}

/** The proxy's answer is HTTP, and so fit for clients that speak it. */
function refuse(
  client: Socket,
  upstream: Socket,
  { port, head }: { readonly port: number; readonly head: Uint8Array },
): void {
  if (port === 443) {
    client.resume().end(accessDenied);
    upstream.destroy();
    return;
  }
  client.write(head);
  upstream.pipe(client);
}
