import type { CallContext } from "@tau/core";

import type { McpServerConfig } from "../config/server-config.ts";
import type { ServerLock } from "../pins/mcp-lock.ts";
import { showHidden } from "../pins/show-hidden.ts";
import type { ServerAnswers } from "./answer-server.ts";
import { createCallAskers } from "./call-askers.ts";
import type { CallAskers } from "./call-askers.ts";
import type { McpClientOptions } from "./client-options.ts";
import type { McpClock } from "./clock.ts";
import { createSampler } from "./sampling.ts";
import { createServerLink } from "./server-link.ts";
import type { ServerLink } from "./server-link.ts";

/** Options of {@link createSessionLinks}. */
export interface SessionLinksOptions extends Omit<McpClientOptions, "clock" | "lock" | "servers"> {
  readonly name: string;
  readonly config: McpServerConfig;
  /** What was approved of this server; absent: nothing. */
  readonly lock: ServerLock | undefined;
  readonly clock: McpClock;
  readonly onResourceUpdated: (uri: string) => void;
}

/** The links to one server, one per session: two sessions share neither a process nor the server's memory of them. */
export interface SessionLinks extends AsyncDisposable {
  of(call: CallContext): ServerLink;
}

/** Sessions come and go; more than so many links that do nothing are not kept. */
const maxLinks = 1_000;

/** Makes {@link SessionLinks}. */
export function createSessionLinks(options: SessionLinksOptions): SessionLinks {
  const links = new Map<string, ServerLink>();
  return {
    of(call) {
      const key = JSON.stringify([call.tenant, call.principal.id, call.sessionId]);
      const known = links.get(key);
      if (known !== undefined) return known;
      if (links.size >= maxLinks)
        for (const [old, link] of links) if (!link.isConnected && !link.isUsed) links.delete(old);
      const link = openLink(options, call);
      links.set(key, link);
      return link;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...links.values()].map(async (link) => await link[Symbol.asyncDispose]()));
    },
  };
}

function openLink(options: SessionLinksOptions, call: CallContext): ServerLink {
  const { name, config, lock, clock, logLevel, onLog, onResourceUpdated } = options;
  const askers = createCallAskers();
  return createServerLink({
    askers,
    name,
    config,
    call: withoutCaller(call),
    reach: options,
    answers: answersFor(options, call, askers),
    lock,
    clock,
    timeoutMs: config.timeoutMs ?? 60_000,
    ...(logLevel === undefined ? {} : { logLevel }),
    events: {
      onLog: (level, data, logger) => {
        const text = typeof data === "string" ? data : JSON.stringify(data);
        onLog?.({ server: name, level, text: showHidden(`${logger ?? ""} ${text}`.trim()) });
      },
      onResourceUpdated,
    },
  });
}

/** What a link keeps of the call that made it: who it is for, and nothing that ends with the call. */
function withoutCaller({ tenant, principal, traceId, sessionId }: CallContext): CallContext {
  const { signal } = new AbortController();
  return { tenant, principal, traceId, signal, ...(sessionId === undefined ? {} : { sessionId }) };
}

function answersFor(
  options: SessionLinksOptions,
  caller: CallContext,
  askers: CallAskers,
): Omit<ServerAnswers, "isUsed"> {
  const { name, config, ask, sampling, roots } = options;
  const call = withoutCaller(caller);
  return {
    server: name,
    call,
    askers,
    ...(ask === undefined || config.elicitation === false ? {} : { ask }),
    ...(sampling === undefined || config.sampling !== true ? {} : { sampler: createSampler(sampling) }),
    ...(roots === undefined || config.roots !== true ? {} : { roots: () => roots(call) }),
  };
}
