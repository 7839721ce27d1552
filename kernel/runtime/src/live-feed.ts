import type { Delta } from "@tau/core";

/** A fragment with its place: after the event `afterSeq` of its session. */
export interface PlacedDelta {
  readonly runId: string;
  readonly afterSeq: number;
  readonly delta: Delta;
}

type Listener = (delta: PlacedDelta) => void;

/** The fragments of the answer that is being streamed, per session, joined. */
interface Current {
  readonly runId: string;
  readonly afterSeq: number;
  thinking: string;
  text: string;
}

/**
 * Carries fragments of running answers to the listeners in this process. Nothing here is stored: whoever
 * comes late gets the answer so far, and the finished message from the journal.
 */
export interface LiveFeed {
  publish(session: string, delta: PlacedDelta): void;
  /** Forgets the answer so far: it is in the journal now. */
  settle(session: string): void;
  /** Starts listening; the answer so far comes first. */
  subscribe(session: string, listener: Listener): Disposable;
}

/** Makes a {@link LiveFeed}. */
export function createLiveFeed(): LiveFeed {
  const listeners = new Map<string, Set<Listener>>();
  const current = new Map<string, Current>();

  return {
    publish(session, placed) {
      remember(current, session, placed);
      for (const listener of listeners.get(session) ?? []) listener(placed);
    },

    settle(session) {
      current.delete(session);
    },

    subscribe(session, listener) {
      for (const placed of answerSoFar(current.get(session))) listener(placed);
      const set = listeners.get(session) ?? new Set();
      listeners.set(session, set);
      set.add(listener);
      return {
        [Symbol.dispose]() {
          set.delete(listener);
          if (set.size === 0 && listeners.get(session) === set) listeners.delete(session);
        },
      };
    },
  };
}

function remember(current: Map<string, Current>, session: string, placed: PlacedDelta): void {
  const { delta, runId, afterSeq } = placed;
  if (delta.type !== "text_delta" && delta.type !== "thinking_delta") return;
  let answer = current.get(session);
  if (answer === undefined || answer.afterSeq !== afterSeq) {
    answer = { runId, afterSeq, thinking: "", text: "" };
    current.set(session, answer);
  }
  if (delta.type === "text_delta") answer.text += delta.text;
  else answer.thinking += delta.text;
}

function answerSoFar(answer: Current | undefined): readonly PlacedDelta[] {
  if (answer === undefined) return [];
  const { runId, afterSeq, thinking, text } = answer;
  const deltas: Delta[] = [];
  if (thinking !== "") deltas.push({ type: "thinking_delta", text: thinking });
  if (text !== "") deltas.push({ type: "text_delta", text });
  return deltas.map((delta) => ({ runId, afterSeq, delta }));
}
