import { FewSet } from "@tau/core";
import type { Delta } from "@tau/core";

/** A fragment with its place: after the event `afterSeq` of its session. */
export interface PlacedDelta {
  readonly runId: string;
  readonly afterSeq: number;
  readonly delta: Delta;
}

/** Who hears of fragments. */
export interface DeltaListener {
  hear(delta: PlacedDelta): void;
}

/** Where the run of one session puts its fragments; disposed of at its end. */
export interface LiveChannel extends Disposable {
  publish(delta: PlacedDelta): void;
  /** Forgets the answer so far: it is in the journal now. */
  settle(): void;
}

/**
 * Carries fragments of running answers to the listeners in this process. Nothing here is stored: whoever
 * comes late gets the answer so far, and the finished message from the journal.
 */
export interface LiveFeed {
  open(tenant: string, sessionId: string): LiveChannel;
  /** Starts listening; the answer so far comes first. */
  subscribe(tenant: string, sessionId: string, listener: DeltaListener): Subscribed;
}

/** Where a listener is heard of. Not one object for each: every run that is held open has a listener. */
export interface Subscribed {
  unsubscribe(listener: DeltaListener): void;
}

/** Makes a {@link LiveFeed}. */
export function createLiveFeed(): LiveFeed {
  // By tenant and session: one name of both would be held for every session.
  const tenants = new Map<string, TenantChannels>();

  const enter = (tenant: string, sessionId: string): Channel => {
    const channels = tenants.get(tenant) ?? new TenantChannels(() => tenants.delete(tenant));
    tenants.set(tenant, channels);
    const channel = channels.all.get(sessionId) ?? new Channel(channels, sessionId);
    channels.all.set(sessionId, channel);
    channel.users += 1;
    return channel;
  };

  return {
    open: enter,
    subscribe(tenant, sessionId, listener) {
      const channel = enter(tenant, sessionId);
      for (const placed of channel.answerSoFar()) listener.hear(placed);
      channel.listeners.add(listener);
      return channel;
    },
  };
}

/** The fragments of the answer that is being streamed, joined. */
interface Answer {
  readonly runId: string;
  readonly afterSeq: number;
  thinking: string;
  text: string;
}

class TenantChannels {
  readonly all: Map<string, Channel> = new Map();
  readonly #unused: () => void;

  constructor(unused: () => void) {
    this.#unused = unused;
  }

  delete(sessionId: string): void {
    this.all.delete(sessionId);
    if (this.all.size === 0) this.#unused();
  }
}

/** What the run of a session and its listeners share, as long as there is one of them. */
class Channel implements LiveChannel, Subscribed {
  users = 0;
  readonly listeners: FewSet<DeltaListener> = new FewSet();
  readonly #channels: TenantChannels;
  readonly #sessionId: string;
  #answer: Answer | undefined;

  constructor(channels: TenantChannels, sessionId: string) {
    this.#channels = channels;
    this.#sessionId = sessionId;
  }

  publish(placed: PlacedDelta): void {
    this.#remember(placed);
    this.listeners.forEach((listener) => listener.hear(placed));
  }

  settle(): void {
    this.#answer = undefined;
  }

  answerSoFar(): readonly PlacedDelta[] {
    if (this.#answer === undefined) return [];
    const { runId, afterSeq, thinking, text } = this.#answer;
    const deltas: Delta[] = [];
    if (thinking !== "") deltas.push({ type: "thinking_delta", text: thinking });
    if (text !== "") deltas.push({ type: "text_delta", text });
    return deltas.map((delta) => ({ runId, afterSeq, delta }));
  }

  unsubscribe(listener: DeltaListener): void {
    if (this.listeners.delete(listener)) this.#leave();
  }

  #leave(): void {
    this.users -= 1;
    if (this.users === 0) this.#channels.delete(this.#sessionId);
  }

  [Symbol.dispose](): void {
    this.settle();
    this.#leave();
  }

  #remember({ delta, runId, afterSeq }: PlacedDelta): void {
    if (delta.type !== "text_delta" && delta.type !== "thinking_delta") return;
    if (this.#answer?.afterSeq !== afterSeq) this.#answer = { runId, afterSeq, thinking: "", text: "" };
    if (delta.type === "text_delta") this.#answer.text += delta.text;
    else this.#answer.thinking += delta.text;
  }
}
