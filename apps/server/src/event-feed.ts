import { universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import type { CallContext } from "@tau/core";

import type { Admit } from "./admission.ts";
import { traceIdOf } from "./call-context.ts";
import { createEventWriter } from "./event-to-proto.ts";
import { eventText, failureText, feedFailure, feedTypes, keepAliveText } from "./feed-format.ts";
import { checkCursor, feedRequest, sessionOfPath } from "./feed-request.ts";
import type { FeedFormat, FeedRequest } from "./feed-request.ts";
import { createKeepAlive } from "./keep-alive.ts";
import { discardRest, isHungUp, write } from "./node-adapter.ts";
import type { NodeHandler, NodeResponse } from "./node-adapter.ts";
import { advance, followSession } from "./runtime-streams.ts";
import type { StreamHost } from "./runtime-streams.ts";

/** Options of {@link createEventFeed}. */
export interface EventFeedOptions {
  readonly host: StreamHost;
  readonly admit: Admit;
  /** Answers what is no feed. */
  readonly fallback: NodeHandler;
  /** Hears of bugs. Clients that went away are none. */
  readonly onError: (error: unknown, call: string) => void;
}

const method = "EventFeed";

/**
 * Serves `GET /v1/sessions/{id}/events`: a session's events for whoever speaks nothing but HTTP, from a cursor on and
 * then as they come. Lines of JSON, or server-sent events for whoever accepts those.
 *
 * - F1. It is Attach: the same events, once each, in order; the same door, limits and slow clients.
 * - F2. It only listens: a client that goes away ends nothing but its feed.
 * - F3. A feed that breaks says why, and where to go on, as the last thing it says.
 * - F4. A feed that has nothing to say for a while says that it is there.
 */
export function createEventFeed(options: EventFeedOptions): NodeHandler {
  return (request, response) => {
    const { url, header, signal } = universalRequestFromNodeRequest(request, response, undefined, undefined);
    const { pathname, searchParams } = new URL(url);
    const sessionId = sessionOfPath(pathname);
    if (sessionId === undefined) {
      options.fallback(request, response);
      return;
    }
    if (request.method !== "GET") {
      refuse(response, { status: 405, json: '{"failure":{"message":"Only GET can be asked of it."}}' });
      discardRest(request);
      return;
    }
    const call = { url, header, signal, sessionId, searchParams };
    serve(options, call, response).catch((error: unknown) => {
      response.destroy();
      if (!isHungUp(error)) options.onError(error, method);
    });
  };
}

interface FeedCall {
  readonly url: string;
  readonly header: Headers;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly sessionId: string;
  readonly searchParams: URLSearchParams;
}

async function serve(
  { host, admit }: EventFeedOptions,
  { url, header, signal, sessionId, searchParams }: FeedCall,
  response: NodeResponse,
): Promise<void> {
  const traceId = traceIdOf(header);
  response.setHeader("tau-trace-id", traceId);
  let wanted: FeedRequest;
  let call: CallContext;
  try {
    const { identity } = await admit(url, header);
    if (identity === undefined) throw new TypeError("The door let in nobody in particular.");
    call = { ...identity, traceId, signal };
    wanted = feedRequest(sessionId, searchParams, header);
  } catch (error) {
    refuse(response, feedFailure(error, { traceId }));
    return;
  }
  await stream({ host, wanted, call }, response);
}

interface Feed {
  readonly host: StreamHost;
  readonly wanted: FeedRequest;
  readonly call: CallContext;
}

async function stream({ host, wanted, call }: Feed, response: NodeResponse): Promise<void> {
  const { format, attach } = wanted;
  const writer = createEventWriter();
  const cursor = { seq: Number(attach.fromSeq) };
  let begun = false;
  let writing = false;
  using alive = createKeepAlive(host.limits.keepAliveMs, () => {
    // A client that does not take what it was sent already needs no more of it.
    if (writing || response.writableNeedDrain || response.destroyed) return;
    if (!begun) begin(response, format);
    begun = true;
    // Whoever has gone away is noticed by the next event, or by its signal.
    write(response, Buffer.from(keepAliveText[format])).catch(() => undefined);
  });
  try {
    // Where nothing is to be replayed, the first event may be hours away: a client wants to know that it listens.
    const { version } = await host.runtime.getSession(attach.sessionId, call);
    checkCursor(wanted, version);
    if (cursor.seq === version + 1 && attach.untilRunId === undefined) {
      begin(response, format);
      if ("stream" in response) response.writeHead(200);
      else response.flushHeaders();
      begun = true;
    }
    for await (const events of followSession(host, call, { ...attach, fromSeq: cursor.seq })) {
      if (!begun) begin(response, format);
      begun = true;
      const text = events.map((event) => eventText(format, writer.toProto(event))).join("");
      writing = true;
      await write(response, Buffer.from(text));
      writing = false;
      alive.touch();
      advance(cursor, events);
    }
    // 204 tells a browser that there is nothing to come back for.
    if (!begun) response.statusCode = 204;
    response.end();
  } catch (error) {
    if (call.signal.aborted) return;
    host.onFailure(error, call, method);
    const failure = feedFailure(error, { traceId: call.traceId, resumeFromSeq: cursor.seq });
    if (!begun) refuse(response, failure);
    else {
      await write(response, Buffer.from(failureText(format, failure)));
      response.end();
    }
  }
}

function begin(response: NodeResponse, format: FeedFormat): void {
  response.statusCode = 200;
  response.setHeader("content-type", feedTypes[format]);
  response.setHeader("cache-control", "no-store");
  // Proxies that hold answers back would hold events back.
  response.setHeader("x-accel-buffering", "no");
}

function refuse(
  response: NodeResponse,
  { status, json }: { readonly status: number; readonly json: string },
): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("cache-control", "no-store");
  response.end(`${json}\n`);
}
