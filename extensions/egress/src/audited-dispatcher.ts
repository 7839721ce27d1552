import type { Dispatcher } from "undici";

import type { AuditSink, EgressCaller, EgressRow } from "./audit.ts";
import { noAudit } from "./audit.ts";
import type { CheckedAgentOptions } from "./checked-agent.ts";
import { createCheckedAgent } from "./checked-agent.ts";
import { assertListed } from "./resolve-checked.ts";
import { parseUrl } from "./target.ts";
import type { Target } from "./target.ts";

/** What {@link createAuditedDispatcher} needs. */
export interface AuditedDispatcherOptions extends CheckedAgentOptions {
  readonly audit?: AuditSink;
  readonly now?: () => number;
}

/** An HTTP client whose every connection is checked and whose every request gets a row. */
export interface AuditedDispatchers extends AsyncDisposable {
  /** For requests of one caller; all of them share their connections. */
  dispatcherFor(caller: EgressCaller): Dispatcher;
}

/** Makes undici dispatchers out of the rules. Disposing of them ends their requests. */
export function createAuditedDispatchers(options: AuditedDispatcherOptions): AuditedDispatchers {
  const { rules, audit = noAudit, now = Date.now } = options;
  const open = new Set<OpenRow>();
  const client = createCheckedAgent(options);
  const dispatcherFor = (caller: EgressCaller): Dispatcher =>
    client.agent.compose((next) => (request, handler) => {
      const row = rowOf(request, { at: now(), caller });
      open.add(row);
      try {
        assertListed(row.target, rules);
      } catch (error) {
        finish(row, error);
        throw error;
      }
      return next(request, watched(handler, row, finish));
    });

  function finish(row: OpenRow, error?: unknown): void {
    if (!open.delete(row)) return;
    const address = client.addressOf(row.target);
    const denied = error instanceof Error && "code" in error && error.code === "egress.denied";
    audit.write({
      ...row.begun,
      ...(address === undefined || denied ? {} : { address }),
      ...(row.status === undefined ? {} : { status: row.status }),
      bytesSent: row.sent,
      bytesReceived: row.received,
      durationMs: now() - row.begun.at,
      decision: error === undefined ? "allowed" : denied ? "denied" : "failed",
      ...(error === undefined ? {} : { reason: reasonOf(error) }),
    });
  }

  return {
    dispatcherFor,
    [Symbol.asyncDispose]: async () => await client[Symbol.asyncDispose](),
  };
}

interface OpenRow {
  readonly begun: Omit<EgressRow, "bytesSent" | "bytesReceived" | "durationMs" | "decision">;
  readonly target: Target;
  status?: number;
  sent: number;
  received: number;
}

function rowOf(
  request: Dispatcher.DispatchOptions,
  { at, caller }: { readonly at: number; readonly caller: EgressCaller },
): OpenRow {
  const { host, port, url } = parseUrl(new URL(request.path, String(request.origin)));
  const begun = {
    ...caller,
    at,
    via: "fetch",
    host,
    port,
    method: request.method,
    path: url.pathname,
  } as const;
  return { begun, target: { host, port }, sent: 0, received: 0 };
}

/** Passes everything on to `handler`, and counts. */
function watched(
  handler: Dispatcher.DispatchHandler,
  row: OpenRow,
  finish: (row: OpenRow, error?: unknown) => void,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade(controller, status, headers, socket) {
      row.status = status;
      finish(row);
      handler.onRequestUpgrade?.(controller, status, headers, socket);
    },
    onResponseStart(controller, status, headers, message) {
      row.status = status;
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData(controller, chunk) {
      row.received += chunk.length;
      handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd(controller, trailers) {
      finish(row);
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError(controller, error) {
      finish(row, error);
      handler.onResponseError?.(controller, error);
    },
    onResponseStarted: () => handler.onResponseStarted?.(),
    onBodySent(chunk) {
      row.sent += chunk.length;
      handler.onBodySent?.(chunk);
    },
    onRequestSent: () => handler.onRequestSent?.(),
  };
}

function reasonOf(error: unknown): string {
  const known = error instanceof Error && "kind" in error && error.kind === "tau.error";
  return known ? error.message : "The connection broke, or was given up.";
}
