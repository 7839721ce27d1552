import { create } from "@bufbuild/protobuf";
import type { AttachRequest } from "@tau/proto";
import { AttachRequestSchema } from "@tau/proto";

import { checkRequest } from "./check-request.ts";
import { requestRules } from "./request-rules.ts";
import { check } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** How the events of a session are written: a line of JSON each, or as server-sent events. */
export type FeedFormat = "ndjson" | "sse";

/** A session to be followed by plain HTTP. */
export interface FeedRequest {
  readonly format: FeedFormat;
  readonly attach: AttachRequest;
  /** What the client called its cursor, which is that of the last event it had: `after`, or the header `Last-Event-ID`. */
  readonly cursorField: string;
}

const pathPattern = /^\/v1\/sessions\/([^/]*)\/events$/;
const knownParameters: readonly string[] = ["after", "until_run", "until_waiting"];

/** The session that a path names; undefined for a path that is about something else. */
export function sessionOfPath(pathname: string): string | undefined {
  const named = pathPattern.exec(pathname)?.[1];
  try {
    return named === undefined ? undefined : decodeURIComponent(named);
  } catch {
    // No id looks like that, as its rule will say.
    return named;
  }
}

/**
 * Reads what is to be followed. A browser that comes back says in `Last-Event-ID` what it has had; that counts more than
 * the address, which still says where it began.
 *
 * @throws TauError `request.invalid`
 */
export function feedRequest(sessionId: string, query: URLSearchParams, headers: Headers): FeedRequest {
  const lastEventId = headers.get("last-event-id");
  const [field, after] =
    lastEventId === null || lastEventId === ""
      ? ["after", query.get("after") ?? "0"]
      : ["Last-Event-ID", lastEventId];
  const until = query.get("until_run");
  const waiting = query.get("until_waiting") ?? "false";
  checkRequest(() => problems({ field, after, waiting, names: [...query.keys()] }), undefined);
  const attach = create(AttachRequestSchema, {
    sessionId,
    fromSeq: BigInt(after) + 1n,
    ...(until === null ? {} : { untilRunId: until }),
    untilWaiting: waiting === "true",
  });
  checkRequest(requestRules.attach, attach);
  return { attach, format: formatOf(headers.get("accept") ?? ""), cursorField: field };
}

/** Refuses a cursor behind the newest event, in the words of the client. @throws TauError `request.invalid` */
export function checkCursor({ attach, cursorField }: FeedRequest, version: number): void {
  const isThere = attach.fromSeq <= BigInt(version) + 1n;
  const reason = `is beyond the session's newest event, which is ${version}; give that of the last event you had`;
  checkRequest(() => check(isThere, cursorField, reason), undefined);
}

interface Given {
  readonly field: string;
  readonly after: string;
  readonly waiting: string;
  readonly names: readonly string[];
}

function problems({ field, after, waiting, names }: Given): readonly Violation[] {
  return [
    ...names
      .filter((name) => !knownParameters.includes(name))
      .map((name) => ({
        field: name.slice(0, 64),
        reason: `is no parameter; there is ${knownParameters.join(", ")}`,
      })),
    ...check(
      /^\d{1,15}$/.test(after),
      field,
      "is not a sequence number; give that of the last event you had, or leave it out for all of them",
    ),
    ...check(waiting === "true" || waiting === "false", "until_waiting", "is neither true nor false"),
  ];
}

/** Lines of JSON, unless events are asked for: `curl` accepts anything, and lines are what people read. */
function formatOf(accept: string): FeedFormat {
  return /(?:^|,)\s*text\/event-stream\s*(?:[,;]|$)/i.test(accept) ? "sse" : "ndjson";
}
