import { Agent } from "undici";

import { dialChecked } from "./dial-checked.ts";
import { egressError } from "./egress-error.ts";
import type { EgressRules } from "./resolve-checked.ts";
import { toTarget } from "./target.ts";
import type { Target } from "./target.ts";

/** Options of {@link createCheckedAgent}. */
export interface CheckedAgentOptions {
  readonly rules: EgressRules;
  /** Certificate authorities in PEM, instead of the usual ones. */
  readonly ca?: readonly string[];
}

/** A pool of connections to checked addresses. */
export interface CheckedAgent extends AsyncDisposable {
  readonly agent: Agent;
  /** Where a target was last reached; undefined when it was not. */
  addressOf(target: Target): string | undefined;
}

/** Makes an undici agent that connects by {@link dialChecked} only. Disposing of it ends its requests. */
export function createCheckedAgent({ rules, ca }: CheckedAgentOptions): CheckedAgent {
  const dialled = new Map<string, string>();
  const disposal = new AbortController();
  const agent = new Agent({
    maxHeaderSize: 65_536,
    connect({ hostname, protocol, port }, callback) {
      const secure = protocol === "https:";
      const target = toTarget(hostname, port === "" ? (secure ? 443 : 80) : Number(port));
      const tls = ca === undefined ? {} : { ca: [...ca] };
      dialChecked(target, rules, disposal.signal, secure ? { tls } : {}).then(
        ({ socket, address }) => {
          dialled.set(keyOf(target), address);
          callback(null, socket);
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
  return {
    agent,
    addressOf: (target) => dialled.get(keyOf(target)),
    async [Symbol.asyncDispose]() {
      disposal.abort(egressError("egress.failed", "The client is closed."));
      await agent.destroy();
    },
  };
}

function keyOf({ host, port }: Target): string {
  return `${host} ${port}`;
}
