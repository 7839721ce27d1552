import { setTimeout as delay } from "node:timers/promises";

import type { Client } from "@connectrpc/connect";
import type { RunEvent } from "@tau/core";
import { createShownText } from "@tau/proto";
import type { RuntimeService, ShownText } from "@tau/proto";

import { failureFromConnect } from "./error-from-connect.ts";
import { eventFromProto } from "./event-from-proto.ts";
import { optional } from "./optional.ts";
import { openStreamCall } from "./stream-call.ts";
import type { AttachOptions } from "./tau-client.ts";

/** How a broken stream is taken up again. */
export interface ReconnectOptions {
  /** Attempts in a row without a single event before the stream gives up. Default 10; 0 never reconnects. */
  readonly attempts?: number;
  /** Milliseconds before the first attempt; doubled for each further one, with full jitter. Default 200. */
  readonly baseDelayMs?: number;
  /** The longest wait, in milliseconds. Default 10,000. */
  readonly maxDelayMs?: number;
}

/** Attaches to a session, and attaches again from its cursor whenever the connection breaks. */
export async function* followSession(
  rpc: Client<typeof RuntimeService>,
  options: AttachOptions,
  { attempts = 10, baseDelayMs = 200, maxDelayMs = 10_000 }: ReconnectOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const { sessionId, fromSeq = 1, untilRunEnds, untilWaiting = false, signal, timeoutMs } = options;
  const shown = createShownText();
  let next = fromSeq;
  let failures = 0;
  const deadline = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  for (;;) {
    try {
      const request = {
        sessionId,
        fromSeq: BigInt(next),
        ...optional("untilRunId", untilRunEnds),
        untilWaiting,
      };
      using call = openStreamCall({
        ...optional("signal", signal),
        ...optional("timeoutMs", deadline === undefined ? undefined : Math.max(1, deadline - Date.now())),
      });
      for await (const { events } of rpc.attach(request, call.options)) {
        failures = 0;
        for (const response of events) {
          const event = eventFromProto(response);
          const news = event && newsOf(event, shown);
          if (news?.kind === "event") next = news.seq + 1;
          if (news !== undefined) yield news;
        }
      }
      return;
    } catch (thrown) {
      const { error } = failureFromConnect(thrown);
      const mayWork = error.class === "retryable" || error.class === "rate_limited";
      failures += 1;
      if (!mayWork || failures > attempts || signal?.aborted === true) throw error;
      const backoffMs = Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1));
      await pause(Math.max(error.retryAfterMs ?? 0, backoffMs), signal);
      shown.restarted();
    }
  }
}

/** What of an event the listener has not had yet. */
function newsOf(event: RunEvent, shown: ShownText): RunEvent | undefined {
  if (event.kind === "event") {
    shown.fact();
    return event;
  }
  const { delta } = event;
  if (delta.type !== "text_delta" && delta.type !== "thinking_delta") return event;
  const text = shown.take(delta.type === "text_delta" ? "text" : "thinking", delta.text);
  return text === "" ? undefined : { ...event, delta: { ...delta, text } };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw failureFromConnect(cause).error;
  }
}
