import type { Delta, RunEvent } from "@tau/core";

/** Events on their way to one client, adjacent fragments of one text joined. */
export interface EventQueue {
  /** What the waiting events weigh, in bytes of their texts. */
  readonly bytes: number;
  /** `bytes` is what {@link weightOf} says of it. */
  push(event: RunEvent, bytes: number): void;
  /** Hands over everything that waits, oldest first. */
  take(): readonly RunEvent[];
}

interface OpenText {
  readonly runId: string;
  readonly delta: Extract<Delta, { text: string }>;
  text: string;
}

/** Makes an {@link EventQueue}. */
export function createEventQueue(): EventQueue {
  let events: RunEvent[] = [];
  let open: OpenText | undefined;
  let bytes = 0;

  const close = (): void => {
    if (open === undefined) return;
    events.push({ kind: "delta", runId: open.runId, delta: { ...open.delta, text: open.text } });
    open = undefined;
  };

  return {
    get bytes() {
      return bytes;
    },

    push(event, weight) {
      bytes += weight;
      if (event.kind === "event" || !("text" in event.delta)) {
        close();
        events.push(event);
        return;
      }
      if (open !== undefined && open.runId === event.runId && isSameText(open.delta, event.delta)) {
        open.text += event.delta.text;
        return;
      }
      close();
      open = { runId: event.runId, delta: event.delta, text: event.delta.text };
    },

    take() {
      close();
      const taken = events;
      events = [];
      bytes = 0;
      return taken;
    },
  };
}

function isSameText(a: OpenText["delta"], b: OpenText["delta"]): boolean {
  if (a.type !== b.type) return false;
  return a.type !== "tool_progress" || b.type !== "tool_progress" || a.effectId === b.effectId;
}

// Small fields weigh something too, and an event without text is not free.
const envelopeBytes = 64;

/** About how many bytes an event takes, in memory and on the wire. */
export function weightOf(event: RunEvent): number {
  if (event.kind === "delta") {
    return "text" in event.delta ? Buffer.byteLength(event.delta.text) : envelopeBytes;
  }
  return envelopeBytes + weightOfValue(event.event);
}

function weightOfValue(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return 8;
  let bytes = 0;
  for (const part of Object.values(value)) bytes += weightOfValue(part);
  return bytes;
}
