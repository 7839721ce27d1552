import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

import type { JsonObject } from "@tau/core";

/** Sends one JSON object. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** A stream of events and how it ends. */
export interface EventScript {
  readonly contentType: string;
  readonly events: readonly string[];
  /** Milliseconds. */
  readonly firstDelayMs: number;
  /** Milliseconds. */
  readonly delayMs: number;
  /** `stall` keeps the connection open for as long as the client does. */
  readonly ending: "end" | "cut" | "stall";
}

/** Sends events, each in a write of its own, no faster than the client reads. */
export async function sendEvents(response: ServerResponse, script: EventScript): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    if (script.firstDelayMs > 0) await wait(script.firstDelayMs, undefined, { signal: gone.signal });
    response.writeHead(200, { "content-type": script.contentType, "cache-control": "no-cache" });
    response.flushHeaders();
    for (const [index, event] of script.events.entries()) {
      if (index > 0 && script.delayMs > 0) await wait(script.delayMs, undefined, { signal: gone.signal });
      if (!response.write(event)) await once(response, "drain", { signal: gone.signal });
    }
    if (script.ending === "end") response.end();
    else if (script.ending === "cut") await cut(response);
  } catch (error) {
    // The client left: nobody waits for the rest.
    if (!gone.signal.aborted) throw error;
  }
}

/** Closes the connection once everything written is on its way. */
async function cut(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.write("", () => resolve());
  });
  response.destroy();
}
