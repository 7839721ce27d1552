import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { ApprovalAnswer, ContextEntry } from "@tau/core";

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
}

/** Something that was handed to a session from outside. */
export type InboxItem = InboxContext | InboxAnswer;

/** What {@link Inbox.read} answers. */
export interface InboxPage {
  readonly items: readonly InboxItem[];
  /** Read on from here + 1. */
  readonly seq: number;
}

/**
 * What others hand to a session: context and answers. A stream of its own, because the session's stream
 * has one writer, the run. Any process may add to it.
 */
export interface Inbox {
  /** Adds an item. */
  add(item: InboxItem): Promise<void>;
  /** Adds an item if `wanted` says so of everything before it; asks again when another process was faster. */
  addIf(
    item: InboxItem,
    wanted: (items: readonly InboxItem[]) => boolean,
    signal: AbortSignal,
  ): Promise<void>;
  /** Items after `seq`. */
  read(seq: number, signal: AbortSignal): Promise<InboxPage>;
  /** Whether there may be items after `seq`: at once for this process, within a second for others. */
  mayHaveNews(seq: number): Promise<boolean>;
}

// Another process's items are looked for this often at most: a run of quick steps must not pay for it.
const lookEveryMs = 1_000;

/** Makes the {@link Inbox} of one session. Share it within a process, so that news is seen at once. */
export function createInbox(journal: Journal, clock: Clock, session: StreamId): Inbox {
  const id: StreamId = { tenant: session.tenant, stream: session.stream.replace(/^session\//u, "inbox/") };
  let known = 0;
  let lookedAt = 0;

  const read = async (seq: number, signal: AbortSignal): Promise<InboxPage> => {
    const items: InboxItem[] = [];
    let last = seq;
    for await (const batch of journal.read(id, seq + 1, signal)) {
      for (const stored of batch) {
        items.push(decodeItem(stored.body));
        last = stored.seq;
      }
    }
    return { items, seq: last };
  };

  /** Answers false when another process added something meanwhile. */
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
    read,

    async add(item) {
      let added = false;
      while (!added) added = await tryAdd(item, await journal.version(id));
    },

    async addIf(item, wanted, signal) {
      for (;;) {
        const before = await read(0, signal);
        if (!wanted(before.items) || (await tryAdd(item, before.seq))) return;
      }
    },

    async mayHaveNews(seq) {
      if (known > seq) return true;
      const now = clock.now();
      if (now - lookedAt < lookEveryMs) return false;
      lookedAt = now;
      known = await journal.version(id);
      return known > seq;
    },
  };
}

function decodeItem(body: string): InboxItem {
  const parsed = parseJson(body);
  if (!parsed.ok || !isInboxItem(parsed.value)) throw new TypeError("An inbox event has a broken body.");
  return parsed.value;
}

/** Trusts the fields: only {@link Inbox.add} writes here. */
function isInboxItem(value: unknown): value is InboxItem {
  return isJsonObject(value) && (value["type"] === "context" || value["type"] === "answer");
}

/** The answer to a question among items; the first one counts. */
export function findAnswer(items: readonly InboxItem[], approvalId: string): InboxAnswer | undefined {
  return items.find((item): item is InboxAnswer => item.type === "answer" && item.approvalId === approvalId);
}
