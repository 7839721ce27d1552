import { once } from "node:events";
import { connect, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";

import { egressError } from "./egress-error.ts";
import { resolveChecked } from "./resolve-checked.ts";
import type { EgressRules } from "./resolve-checked.ts";
import { describeTarget } from "./target.ts";
import type { Target } from "./target.ts";

const connectTimeoutMs = 10_000;

/** How a connection is made. */
export interface DialOptions {
  /** Speak TLS, and trust these authorities; absent for plain TCP. */
  readonly tls?: Pick<ConnectionOptions, "ca">;
}

/** A connection, and the address at its other end. */
export interface Dialled {
  readonly socket: Socket;
  readonly address: string;
}

/**
 * Connects to a target at one of its checked addresses, and at no other: the name is not resolved a second time.
 *
 * @throws TauError `egress.denied`, `egress.unresolved`, `egress.failed`
 */
export async function dialChecked(
  target: Target,
  rules: EgressRules,
  signal: AbortSignal,
  options: DialOptions = {},
): Promise<Dialled> {
  const addresses = await resolveChecked(target, rules, signal);
  const socket = openSocket(target, addresses, options);
  const timely = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
  try {
    await once(socket, options.tls === undefined ? "connect" : "secureConnect", { signal: timely });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw egressError(
      "egress.failed",
      `Connecting to ${describeTarget(target)} failed: ${whyFailed(error)}.`,
      error,
    );
  }
  const address = socket.remoteAddress ?? "";
  if (addresses.includes(address)) return { socket, address };
  socket.destroy();
  throw egressError(
    "egress.denied",
    `The network refuses this: ${target.host} was reached at another address.`,
  );
}

function openSocket(target: Target, addresses: readonly string[], { tls }: DialOptions): Socket {
  const { host, port } = target;
  const place = { host, port, lookup: pinned(addresses), autoSelectFamily: true, noDelay: true };
  if (tls === undefined) return connect(place);
  // An address has no name to show; its certificate is checked against the address.
  const servername = isIP(host) === 0 ? host : "";
  return connectTls({ ...place, ...tls, servername, ALPNProtocols: ["http/1.1"] });
}

/** Answers with what was checked, whatever is asked. */
function pinned(addresses: readonly string[]): LookupFunction {
  const answers = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    const [first] = answers;
    if (options.all === true) callback(null, answers);
    else callback(null, first?.address ?? "", first?.family);
  };
}

/** A cause in a few words that give nothing away. */
function whyFailed(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") return "it took too long";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^[A-Z0-9_]{3,60}$/u.test(code) ? code : "the connection broke";
}
