import { setImmediate as nextTick } from "node:timers/promises";

import type { RunEvent } from "@tau/core";
import { createShownText } from "@tau/proto";
import type { ShownText } from "@tau/proto";

import { createEventQueue, weightOf } from "./event-queue.ts";
import type { EventQueue } from "./event-queue.ts";
import { createWaker } from "./waker.ts";
import type { Waker } from "./waker.ts";

/** Options of {@link streamEvents}. */
export interface EventStreamOptions {
  /** Listens to the session from a cursor on; the runtime's `attach`. */
  readonly attach: (fromSeq: number, signal: AbortSignal) => AsyncIterable<readonly RunEvent[]>;
  readonly fromSeq: number;
  /** Ends the stream by throwing its reason. */
  readonly signal: AbortSignal;
  /** No more than this waits for the client, one event excepted that is larger by itself. */
  readonly maxBufferedBytes: number;
  /** A client that has not taken anything for so long, while its buffer is full, is slow. */
  readonly slowAfterMs: number;
  /** Hears how much waits, whenever that changes. */
  readonly onBuffered: (bytes: number) => void;
}

/**
 * Streams a session's events to one client, all that came within a tick of the event loop at once.
 *
 * - B1. Facts come in order, each once, none missing, however slow the client is.
 * - B2. At most `maxBufferedBytes` wait, and as many are on their way. When they do and the client is slow, the
 *   stream lets go of the runtime, and when the client has caught up it listens again from its cursor: the
 *   journal is the buffer.
 * - B3. The runtime then begins the answer under way from its start; what the client has of it is left out.
 *   What a client shows is a beginning of the text, never a text with a hole.
 */
export async function* streamEvents(
  options: EventStreamOptions,
): AsyncGenerator<readonly RunEvent[], void, undefined> {
  const queue = createEventQueue();
  const stop = new AbortController();
  const pump = startPump({ ...options, signal: AbortSignal.any([options.signal, stop.signal]) }, queue);
  try {
    for (;;) {
      while (queue.bytes === 0 && !pump.ended) await pump.filled.sleep();
      // Whatever else this tick of the event loop brings travels in the same message.
      if (!pump.ended) await nextTick();
      pump.onItsWay = queue.bytes;
      const events = queue.take();
      pump.emptied.wake();
      if (events.length > 0) yield events;
      else if (pump.ended) break;
      pump.onItsWay = 0;
      options.onBuffered(queue.bytes);
    }
    if (pump.failure !== undefined) throw pump.failure.reason;
  } finally {
    stop.abort();
    pump.emptied.wake();
    await pump.done;
  }
}

interface Pump {
  readonly filled: Waker;
  readonly emptied: Waker;
  readonly done: Promise<void>;
  /** Bytes that were handed over and have not left the process. */
  onItsWay: number;
  ended: boolean;
  failure: { readonly reason: unknown } | undefined;
}

function startPump(options: EventStreamOptions, queue: EventQueue): Pump {
  const filled = createWaker();
  const emptied = createWaker();
  const pump: Pump = {
    filled,
    emptied,
    done: Promise.resolve(),
    onItsWay: 0,
    ended: false,
    failure: undefined,
  };
  const work = async (): Promise<void> => {
    try {
      await fill(options, queue, pump);
    } catch (reason) {
      pump.failure = { reason };
    } finally {
      pump.ended = true;
      filled.wake();
    }
  };
  return Object.assign(pump, { done: work() });
}

/** Fills the queue until the runtime has nothing more, letting go of it while the client is slow. */
async function fill(options: EventStreamOptions, queue: EventQueue, pump: Pump): Promise<void> {
  const cursor: Cursor = { seq: options.fromSeq, shown: createShownText() };
  while (!(await fillUntilSlow(options, queue, { pump, cursor }))) {
    cursor.shown.restarted();
    while (queue.bytes > 0 && !options.signal.aborted) await pump.emptied.sleep();
    options.signal.throwIfAborted();
  }
}

interface Cursor {
  /** The next fact wanted. */
  seq: number;
  readonly shown: ShownText;
}

/** @returns false when the client was slow and the rest was left to the journal */
async function fillUntilSlow(
  options: EventStreamOptions,
  queue: EventQueue,
  { pump, cursor }: { readonly pump: Pump; readonly cursor: Cursor },
): Promise<boolean> {
  const { maxBufferedBytes, signal } = options;
  for await (const batch of options.attach(cursor.seq, signal)) {
    for (const event of batch) {
      const bytes = weightOf(event);
      const isFull = queue.bytes > 0 && queue.bytes + bytes > maxBufferedBytes;
      if (isFull && !(await isEmptiedSoon(options, queue, pump))) return false;
      const news = newsOf(event, cursor);
      if (news === undefined) continue;
      queue.push(news, news === event ? bytes : weightOf(news));
      options.onBuffered(queue.bytes + pump.onItsWay);
      pump.filled.wake();
    }
  }
  return true;
}

/** What of an event the client has not had yet. */
function newsOf(event: RunEvent, cursor: Cursor): RunEvent | undefined {
  if (event.kind === "event") {
    cursor.seq = event.seq + 1;
    cursor.shown.fact();
    return event;
  }
  const { delta } = event;
  if (delta.type !== "text_delta" && delta.type !== "thinking_delta") return event;
  const text = cursor.shown.take(delta.type === "text_delta" ? "text" : "thinking", delta.text);
  if (text === delta.text) return event;
  return text === "" ? undefined : { ...event, delta: { ...delta, text } };
}

async function isEmptiedSoon(
  { slowAfterMs, signal }: EventStreamOptions,
  queue: EventQueue,
  { emptied }: Pump,
): Promise<boolean> {
  const slow = new AbortController();
  const timer = setTimeout(() => {
    slow.abort();
    emptied.wake();
  }, slowAfterMs);
  while (queue.bytes > 0 && !slow.signal.aborted && !signal.aborted) await emptied.sleep();
  clearTimeout(timer);
  signal.throwIfAborted();
  return queue.bytes === 0;
}
