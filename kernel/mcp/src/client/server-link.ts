import { TauError } from "@tau/core";

import { compareDefinitions } from "../pins/compare-definitions.ts";
import type { DefinitionVerdict } from "../pins/compare-definitions.ts";
import type { DefinitionKind } from "../pins/definition.ts";
import type { ServerLock } from "../pins/mcp-lock.ts";
import type { CallAskers } from "./call-askers.ts";
import type { McpClock } from "./clock.ts";
import { listDefinitions } from "./list-definitions.ts";
import { readFailure, toMcpError } from "./mcp-error.ts";
import { authorizationOf, openConnection } from "./open-connection.ts";
import type { Connection, ConnectionOptions } from "./open-connection.ts";

/** Options of {@link createServerLink}. */
export interface ServerLinkOptions extends Omit<ConnectionOptions, "answers" | "events" | "life"> {
  readonly answers: Omit<ConnectionOptions["answers"], "isUsed">;
  readonly events: Pick<ConnectionOptions["events"], "onLog" | "onResourceUpdated">;
  readonly lock: ServerLock | undefined;
  readonly askers: CallAskers;
  readonly clock: McpClock;
}

/** What a server says, beside what was approved. */
export interface Examined {
  readonly connection: Connection;
  readonly verdicts: readonly DefinitionVerdict[];
}

/**
 * One server for one session: started at the first use, stopped when nobody used it for a while, started again at the
 * next. What breaks is an error of the call that met it.
 */
export interface ServerLink extends AsyncDisposable {
  readonly isConnected: boolean;
  /** Whether somebody waits for it at the moment. */
  readonly isUsed: boolean;
  /** Whom the calls that work with the server may ask. */
  readonly askers: CallAskers;
  /** Works with the connected server, whose definitions were compared with what was approved. Throws `mcp.*`. */
  use<T>(signal: AbortSignal, work: (examined: Examined) => Promise<T>): Promise<T>;
}

/** How often one use may have the person authorize, or start over at a server that forgot the session. */
const maxRecoveries = 2;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** A listing older than this is made again before it is relied on: servers need not say that something changed. */
const maxListingAgeMs = 300_000;
/** A server that says again and again, while it lists, that something changed is not waited for. */
const maxListings = 5;

/** Makes a {@link ServerLink}; nothing runs until it is used. */
export function createServerLink(options: ServerLinkOptions): ServerLink {
  const { name, config, clock, lock } = options;
  const idleMs = config.idleMs ?? 300_000;
  const life = new AbortController();
  let connecting: Promise<Connection> | undefined;
  let connection: Connection | undefined;
  let listing: { readonly at: number; readonly verdicts: readonly DefinitionVerdict[] } | undefined;
  /** How often the server said that something has changed. */
  let changes = 0;
  let users = 0;
  let failures = 0;
  let notBefore = 0;
  let cancelStop: (() => void) | undefined;

  const forget = (gone: Connection | undefined): void => {
    if (gone !== connection) return;
    connection = undefined;
    listing = undefined;
  };

  const open = async (signal: AbortSignal): Promise<Connection> => {
    const pauseMs = notBefore - clock.now();
    if (pauseMs > 0) throw stillDown(name, pauseMs);
    try {
      let opened: Connection | undefined;
      let isGone = false;
      opened = await openConnection(
        {
          ...options,
          life: life.signal,
          answers: { ...options.answers, isUsed: () => users > 0 },
          events: {
            ...options.events,
            onClosed: () => {
              isGone = true;
              forget(opened);
            },
            onChanged: () => {
              changes += 1;
              if (opened === connection) listing = undefined;
            },
          },
        },
        signal,
      );
      if (isGone) throw new Error("The server ended as soon as it was connected.");
      failures = 0;
      connection = opened;
      return opened;
    } catch (error) {
      // Somebody who logs in, or gives up, says nothing about the server.
      if (!signal.aborted && toMcpError(name, error).code === "mcp.unavailable") {
        failures += 1;
        notBefore = clock.now() + Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
      }
      throw error;
    }
  };

  const connected = async (signal: AbortSignal): Promise<Connection> => {
    if (connection !== undefined) return connection;
    // Callers that come together share one start; it belongs to the link, so none of them can take it from the others.
    connecting ??= open(life.signal).finally(() => {
      connecting = undefined;
    });
    return await untilAborted(connecting, signal);
  };

  const examine = async (signal: AbortSignal): Promise<Examined> => {
    const now = await connected(signal);
    for (let listings = 0; listings < maxListings; listings++) {
      if (listing !== undefined && clock.now() - listing.at <= maxListingAgeMs)
        return { connection: now, verdicts: listing.verdicts };
      const [at, before] = [clock.now(), changes];
      const live = await listDefinitions(now.client, { signal, timeout: options.timeoutMs });
      const verdicts = compareDefinitions(lock, live);
      // What was told to be changed while it was being listed may be of before the change.
      if (before !== changes) continue;
      if (now === connection) listing = { at, verdicts };
      return { connection: now, verdicts };
    }
    throw restless(name);
  };

  /** Tells whether trying again may help: the person has authorized, or the server forgot the session. */
  const mayRetry = async (error: unknown, signal: AbortSignal): Promise<boolean> => {
    const authorization = authorizationOf(error) ?? connection?.authorization;
    if (authorization !== undefined && isAboutAuthorization(error))
      return await authorization.recover(error, signal);
    const hasSession = connection?.client.getProtocolEra() === "legacy";
    if (readFailure(error).status !== 404 || !hasSession) return false;
    await drop();
    return true;
  };

  const drop = async (): Promise<void> => {
    const gone = connection;
    forget(gone);
    await gone?.close();
  };

  const scheduleStop = (): void => {
    cancelStop?.();
    cancelStop =
      users > 0
        ? undefined
        : clock.after(idleMs, () => {
            stopping = users > 0 ? stopping : drop().catch(() => undefined);
          });
  };
  let stopping: Promise<void> | undefined;

  return {
    askers: options.askers,
    get isConnected() {
      return connection !== undefined;
    },
    get isUsed() {
      return users > 0;
    },
    async use(signal, work) {
      if (life.signal.aborted) throw closed(name);
      users += 1;
      cancelStop?.();
      try {
        await stopping;
        for (let recoveries = 0; ; recoveries++) {
          try {
            return await work(await examine(signal));
          } catch (error) {
            signal.throwIfAborted();
            if (recoveries >= maxRecoveries || !(await mayRetry(error, signal))) throw error;
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        throw toMcpError(name, error);
      } finally {
        users -= 1;
        scheduleStop();
      }
    },
    async [Symbol.asyncDispose]() {
      life.abort(closed(name));
      cancelStop?.();
      await connecting?.catch(() => undefined);
      await stopping;
      await drop();
    },
  };
}

/** The verdict on one thing that a server defines. */
export function verdictOn(
  verdicts: readonly DefinitionVerdict[],
  kind: DefinitionKind,
  name: string,
): DefinitionVerdict | undefined {
  return verdicts.find((verdict) => verdict.kind === kind && verdict.name === name);
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function isAboutAuthorization(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === "UnauthorizedError" || error.name === "InsufficientScopeError")
  );
}

function restless(name: string): TauError {
  return new TauError(
    "mcp.invalid_answer",
    `The MCP server "${name}" changes what it defines faster than it can be looked at.`,
  );
}

function stillDown(name: string, pauseMs: number): TauError {
  return new TauError(
    "mcp.unavailable",
    `The MCP server "${name}" failed before and is not tried again for ${Math.ceil(pauseMs / 1_000)} s.`,
    { class: "retryable", retryAfterMs: Math.ceil(pauseMs) },
  );
}

function closed(name: string): TauError {
  return new TauError(
    "mcp.unavailable",
    `The MCP server "${name}" is not used any more: its client was closed.`,
  );
}
