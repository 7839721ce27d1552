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
  /** Whether the server of a session runs; makes no link. */
  isConnected(call: CallContext): boolean;
}

/** Sessions come and go; more than so many links that do nothing are not kept. */
const maxLinks = 1_000;
/** Servers that run although nobody uses them: whoever begins sessions must not fill the machine with processes. */
const maxIdle = 256;

/** Makes {@link SessionLinks}. */
export function createSessionLinks(options: SessionLinksOptions): SessionLinks {
  /** Those that were asked for last come last. */
  const links = new Map<string, ServerLink>();
  const ending = new Set<Promise<void>>();
  const end = (key: string, link: ServerLink): void => {
    links.delete(key);
    const ended = disposed(link).finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const makeRoom = (): void => {
    const unused = [...links].filter(([, link]) => !link.isUsed);
    const idle = unused.filter(([, link]) => link.isConnected);
    for (const [key, link] of idle.slice(0, Math.max(0, idle.length - maxIdle + 1))) end(key, link);
    if (links.size >= maxLinks) for (const [key, link] of unused) if (!link.isConnected) links.delete(key);
  };
  return {
    isConnected: (call) => links.get(keyOf(call))?.isConnected === true,
    of(call) {
      const key = keyOf(call);
      const known = links.get(key);
      if (known === undefined) makeRoom();
      const link = known ?? openLink(options, call);
      links.delete(key);
      links.set(key, link);
      return link;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...links.values()].map(async (link) => await link[Symbol.asyncDispose]()));
      await Promise.all(ending);
    },
  };
}

/** That it could not be stopped well says nothing to those who come after it. */
async function disposed(link: ServerLink): Promise<void> {
  try {
    await link[Symbol.asyncDispose]();
  } catch {
    // Nobody waits for it.
  }
}

function keyOf({ tenant, principal, sessionId }: CallContext): string {
  return JSON.stringify([tenant, principal.id, sessionId]);
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
