import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { ApprovalAnswer, ContextEntry, Remember } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Journal, StreamId } from "./journal.ts";

/** Context that was handed in from outside. */
export interface InboxContext {
  readonly type: "context";
  readonly by: string;
  readonly entries: readonly ContextEntry[];
}

/** What somebody answered to a question. */
export interface InboxAnswer {
  readonly type: "answer";
  readonly by: string;
  readonly approvalId: string;
  readonly answer: ApprovalAnswer;
  readonly note?: string;
  readonly remember?: Remember;
}

/** Something that was handed to a session from outside. */
export type InboxItem = InboxContext | InboxAnswer;

/** What {@link Inbox.contextAfter} answers. */
export interface InboxPage {
  readonly entries: readonly ContextEntry[];
  /** Read on from here. */
  readonly seq: number;
}

/**
 * What others hand to a session: context and answers. A stream of its own, because the session's stream
 * has one writer, the run. Any process may add to it.
 *
 * Each call reads only what it has not read before: an inbox of years costs no more than a new one.
 */
export interface Inbox {
  addContext(by: string, entries: readonly ContextEntry[]): Promise<void>;
  /** Adds an answer unless its question has one; answers the one that was there. */
  addAnswer(answer: InboxAnswer, signal: AbortSignal): Promise<InboxAnswer | undefined>;
  /** The answer to a question; the first one counts. */
  answerTo(approvalId: string, signal: AbortSignal): Promise<InboxAnswer | undefined>;
  /** Context after `seq`. */
  contextAfter(seq: number, signal: AbortSignal): Promise<InboxPage>;
  /**
   * Whether there may be context after `seq`: at once for this process, within a second for others. Looks into the
   * journal once a second at most; in between, the answer is there without waiting.
   */
  mayHaveNews(seq: number): Promise<boolean> | boolean;
}

// Another process's items are looked for this often at most: a run of quick steps must not pay for it.
const lookEveryMs = 1_000;

/**
 * Makes the {@link Inbox} of one session. Share it within a process, so that news is seen at once. `emptyAt` is when
 * it was known to be empty, in milliseconds since the epoch.
 */
export function createInbox(journal: Journal, clock: Clock, session: StreamId, emptyAt = 0): Inbox {
  return new JournalInbox({ journal, clock, session, emptyAt });
}

interface InboxParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly session: StreamId;
  readonly emptyAt: number;
}

/** A class, because every session that is kept has one, and closures would be most of it. */
class JournalInbox implements Inbox {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #session: StreamId;
  /** Made when it is needed: hardly anybody asks. */
  #answers: Map<string, InboxAnswer> | undefined;
  #answersUpTo = 0;
  // Between these two there are only answers.
  #quietFrom = 0;
  #quietUpTo = 0;
  #known = 0;
  #lookedAt: number;

  constructor({ journal, clock, session, emptyAt }: InboxParts) {
    this.#journal = journal;
    this.#clock = clock;
    this.#session = session;
    this.#lookedAt = emptyAt;
  }

  async addContext(by: string, entries: readonly ContextEntry[]): Promise<void> {
    let added = false;
    while (!added) added = await this.#tryAdd({ type: "context", by, entries }, await this.#version());
  }

  async addAnswer(answer: InboxAnswer, signal: AbortSignal): Promise<InboxAnswer | undefined> {
    for (;;) {
      await this.#readAnswers(signal);
      const before = this.#answers?.get(answer.approvalId);
      if (before !== undefined || (await this.#tryAdd(answer, this.#answersUpTo))) return before;
    }
  }

  async answerTo(approvalId: string, signal: AbortSignal): Promise<InboxAnswer | undefined> {
    await this.#readAnswers(signal);
    return this.#answers?.get(approvalId);
  }

  async contextAfter(seq: number, signal: AbortSignal): Promise<InboxPage> {
    const start = this.#skipQuiet(seq);
    const entries: ContextEntry[] = [];
    let last = start;
    for await (const batch of this.#journal.read(this.#id, start + 1, signal)) {
      for (const stored of batch) {
        const item = decodeItem(stored.body);
        if (item.type === "context") entries.push(...item.entries);
        last = stored.seq;
      }
    }
    if (entries.length === 0) {
      if (start === seq) this.#quietFrom = seq;
      this.#quietUpTo = last;
    }
    return { entries, seq: last };
  }

  mayHaveNews(seq: number): Promise<boolean> | boolean {
    if (this.#known > this.#skipQuiet(seq)) return true;
    const now = this.#clock.now();
    if (now - this.#lookedAt < lookEveryMs) return false;
    this.#lookedAt = now;
    return this.#look(seq);
  }

  get #id(): StreamId {
    const { tenant, stream } = this.#session;
    return { tenant, stream: stream.replace(/^session\//u, "inbox/") };
  }

  #version(): Promise<number> {
    return this.#journal.version(this.#id);
  }

  #skipQuiet(seq: number): number {
    return seq >= this.#quietFrom ? Math.max(seq, this.#quietUpTo) : seq;
  }

  async #look(seq: number): Promise<boolean> {
    this.#known = await this.#version();
    return this.#known > this.#skipQuiet(seq);
  }

  async #readAnswers(signal: AbortSignal): Promise<void> {
    const answers = (this.#answers ??= new Map());
    for await (const batch of this.#journal.read(this.#id, this.#answersUpTo + 1, signal)) {
      for (const { seq, body } of batch) {
        // Somebody may have read the same meanwhile.
        if (seq <= this.#answersUpTo) continue;
        const item = decodeItem(body);
        if (item.type === "answer" && !answers.has(item.approvalId)) answers.set(item.approvalId, item);
        this.#answersUpTo = seq;
      }
    }
  }

  /** Answers false when somebody else added something meanwhile. */
  async #tryAdd(item: InboxItem, version: number): Promise<boolean> {
    try {
      const event = { type: item.type, version: 1, at: this.#clock.now(), body: JSON.stringify(item) };
      this.#known = await this.#journal.append(this.#id, version, [event]);
      return true;
    } catch (error) {
      if (isTauError(error) && error.code === "journal.conflict") return false;
      throw error;
    }
  }
}

function decodeItem(body: string): InboxItem {
  const parsed = parseJson(body);
  if (!parsed.ok || !isInboxItem(parsed.value)) throw new TypeError("An inbox event has a broken body.");
  return parsed.value;
}

/** Trusts the fields: only an {@link Inbox} writes here. */
function isInboxItem(value: unknown): value is InboxItem {
  return isJsonObject(value) && (value["type"] === "context" || value["type"] === "answer");
}
