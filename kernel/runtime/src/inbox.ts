import { isJsonObject, isTauError, parseJson, RareMap } from "@tau/core";
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
  const id: StreamId = { tenant: session.tenant, stream: session.stream.replace(/^session\//u, "inbox/") };
  const answers = new RareMap<string, InboxAnswer>();
  let answersUpTo = 0;
  // Between these two there are only answers.
  const quiet = { from: 0, upTo: 0 };
  let known = 0;
  let lookedAt = emptyAt;

  const skipQuiet = (seq: number): number => (seq >= quiet.from ? Math.max(seq, quiet.upTo) : seq);

  const readAnswers = async (signal: AbortSignal): Promise<void> => {
    for await (const batch of journal.read(id, answersUpTo + 1, signal)) {
      for (const { seq, body } of batch) {
        // Somebody may have read the same meanwhile.
        if (seq <= answersUpTo) continue;
        const item = decodeItem(body);
        if (item.type === "answer" && !answers.has(item.approvalId)) answers.set(item.approvalId, item);
        answersUpTo = seq;
      }
    }
  };

  const look = async (seq: number): Promise<boolean> => {
    known = await journal.version(id);
    return known > skipQuiet(seq);
  };

  /** Answers false when somebody else added something meanwhile. */
  const tryAdd = async (item: InboxItem, version: number): Promise<boolean> => {
    try {
      const event = { type: item.type, version: 1, at: clock.now(), body: JSON.stringify(item) };
      known = await journal.append(id, version, [event]);
      return true;
    } catch (error) {
      if (isTauError(error) && error.code === "journal.conflict") return false;
      throw error;
    }
  };

  return {
    async addContext(by, entries) {
      let added = false;
      while (!added) added = await tryAdd({ type: "context", by, entries }, await journal.version(id));
    },

    async addAnswer(answer, signal) {
      for (;;) {
        await readAnswers(signal);
        const before = answers.get(answer.approvalId);
        if (before !== undefined || (await tryAdd(answer, answersUpTo))) return before;
      }
    },

    async answerTo(approvalId, signal) {
      await readAnswers(signal);
      return answers.get(approvalId);
    },

    async contextAfter(seq, signal) {
      const start = skipQuiet(seq);
      const entries: ContextEntry[] = [];
      let last = start;
      for await (const batch of journal.read(id, start + 1, signal)) {
        for (const stored of batch) {
          const item = decodeItem(stored.body);
          if (item.type === "context") entries.push(...item.entries);
          last = stored.seq;
        }
      }
      if (entries.length === 0) Object.assign(quiet, { from: start === seq ? seq : quiet.from, upTo: last });
      return { entries, seq: last };
    },

    mayHaveNews(seq) {
      if (known > skipQuiet(seq)) return true;
      const now = clock.now();
      if (now - lookedAt < lookEveryMs) return false;
      lookedAt = now;
      return look(seq);
    },
  };
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
