import { toJson } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { RunResponse } from "@tau/proto";
import { ErrorDetailSchema, RunResponseSchema } from "@tau/proto";

import { errorToConnect } from "./error-to-connect.ts";
import type { FailurePlace } from "./error-to-connect.ts";
import type { FeedFormat } from "./feed-request.ts";

/** The media type of each format. */
export const feedTypes: Readonly<Record<FeedFormat, string>> = {
  ndjson: "application/x-ndjson; charset=utf-8",
  sse: "text/event-stream; charset=utf-8",
};

/** An event as the contract writes it in JSON: a line of its own, or a server-sent event whose id is its number. */
export function eventText(format: FeedFormat, event: RunResponse): string {
  // JSON has no line ends of its own, so neither format can be broken by what an event says.
  const json = JSON.stringify(toJson(RunResponseSchema, event));
  if (format === "ndjson") return `${json}\n`;
  return `${event.seq === undefined ? "" : `id: ${event.seq}\n`}data: ${json}\n\n`;
}

/** Says nothing, so that proxies and clients know that the feed is there: readers of lines and of events skip it. */
export const keepAliveText: Readonly<Record<FeedFormat, string>> = { ndjson: "\n", sse: ":\n\n" };

/** What a caller is told of a failure: the same with a status of HTTP, and at the end of a stream that broke. */
export interface FeedFailure {
  readonly status: number;
  /** `{"failure":{"code":…,"message":…,…}}`, as `ErrorDetail` of the contract. */
  readonly json: string;
}

/** Turns anything thrown into a {@link FeedFailure}. */
export function feedFailure(error: unknown, place: FailurePlace): FeedFailure {
  const failed = errorToConnect(error, place);
  const [detail] = failed.findDetails(ErrorDetailSchema);
  const facts = detail === undefined ? {} : toJson(ErrorDetailSchema, detail);
  const more = typeof facts === "object" && !Array.isArray(facts) ? facts : {};
  return {
    status: httpStatusOf[failed.code] ?? 500,
    json: JSON.stringify({ failure: { message: failed.rawMessage, ...more } }),
  };
}

/** The failure as the last thing that a stream says. */
export function failureText(format: FeedFormat, { json }: FeedFailure): string {
  return format === "ndjson" ? `${json}\n` : `event: failure\ndata: ${json}\n\n`;
}

const httpStatusOf: Readonly<Partial<Record<Code, number>>> = {
  [Code.InvalidArgument]: 400,
  [Code.FailedPrecondition]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.Aborted]: 409,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
  [Code.DeadlineExceeded]: 504,
};
