import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type { RunningProcess } from "@tau/tools";
import type { ConnectOverCDPTransport } from "playwright-core";

import { maxPipeBytes } from "./browser-options.ts";

/** The pipe to a browser, as Playwright wants it. */
export interface PipeTransport extends ConnectOverCDPTransport {
  /** Takes what the browser wrote: JSON texts, each ended by a zero. */
  take(chunk: Uint8Array): void;
  /** Says which process reads what is sent. */
  connect(process: Pick<RunningProcess, "write">): void;
  /** Says that the process has ended. */
  ended(): void;
  /** Forgets how much was told so far: a new call begins. */
  beginCall(): void;
}

/** The name of a download becomes that of a file; a browser that a page took over may say any. */
function namesNoPath({ params }: JsonObject): boolean {
  const guid = isJsonObject(params) ? params["guid"] : undefined;
  return guid === undefined || (typeof guid === "string" && /^[\w-]{1,100}$/u.test(guid));
}

/**
 * Makes the transport between Playwright and a browser that is started with `--remote-debugging-pipe`.
 *
 * A page can make the browser tell any amount, by its console for one: `onFlood` is called when it is more than one call
 * can want.
 */
export function createPipeTransport(onFlood: () => void): PipeTransport {
  let process: Pick<RunningProcess, "write"> | undefined;
  let pending: Uint8Array[] = [];
  let told = 0;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    pending = [];
    transport.onclose?.();
  };
  const transport: PipeTransport = {
    send(message) {
      if (closed) return;
      // What cannot be written any more is answered by the end of the process.
      process?.write(`${JSON.stringify(message)}\0`).catch(close);
    },
    close,
    ended: close,
    connect: (started) => (process = started),
    beginCall: () => (told = 0),
    take(chunk) {
      if (closed) return;
      told += chunk.byteLength;
      if (told > maxPipeBytes) {
        close();
        onFlood();
        return;
      }
      let rest = chunk;
      for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
        const parsed = parseJson(Buffer.concat([...pending, rest.subarray(0, end)]).toString());
        pending = [];
        rest = rest.subarray(end + 1);
        if (parsed.ok && isJsonObject(parsed.value) && namesNoPath(parsed.value))
          transport.onmessage?.(parsed.value);
      }
      // The chunk is the environment's to use again.
      if (rest.byteLength > 0) pending.push(Uint8Array.from(rest));
    },
  };
  return transport;
}
