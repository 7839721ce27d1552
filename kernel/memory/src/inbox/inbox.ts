import { randomBytes } from "node:crypto";

import { isTauError, TauError } from "@tau/core";
import type { Label, Principal } from "@tau/core";

import type { MemoryHistory } from "../history/memory-history.ts";
import type { NoteBook } from "../notes/note-book.ts";
import { parseNote } from "../notes/note-codec.ts";
import { notePath, notesPrefix } from "../notes/note.ts";
import { byCodeUnits } from "../order.ts";
import { assertNoSecrets } from "../secrets.ts";
import { memoryChanged, memoryTooLarge } from "../store/memory-errors.ts";
import { memoryPathNames } from "../store/memory-path.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { inboxPrefix, parseProposal, proposalPath, renderProposal } from "./proposal.ts";
import type { Proposal } from "./proposal.ts";

/** How many proposals wait at most: whoever writes pages must not fill a memory. */
export const maxProposals = 200;

/** Who lets a proposal in: a person, or a rule of the operator. */
export type Approver = { readonly person: Principal } | { readonly policy: string };

/**
 * What waits to be remembered although nobody vouches for where it came from.
 *
 * - I1. Nothing in it is shown to a model, listed in an index or found by a search.
 * - I2. Only a person or a rule of the operator lets something in; a model has no tool for it.
 * - I3. What is let in is exactly what was shown, in the place that was shown, unless that changed since.
 */
export interface Inbox {
  /** Keeps a proposal; answers it. Throws `memory.too_large`, `memory.secret`, `memory.invalid_path`. */
  propose(proposal: Omit<Proposal, "id" | "at">, signal: AbortSignal): Promise<Proposal>;
  /** Oldest first. */
  list(signal: AbortSignal): Promise<readonly Proposal[]>;
  /** Throws `memory.not_found`. */
  get(id: string, signal: AbortSignal): Promise<Proposal>;
  /**
   * Lets in a proposal that was shown; answers the path. A rule lets in notes only, for a file has no label that it would
   * keep. Throws `memory.needs_person`, `memory.changed`, `memory.not_found`.
   */
  approve(shown: Proposal, approver: Approver, signal: AbortSignal): Promise<string>;
  reject(id: string, signal: AbortSignal): Promise<void>;
}

/** Options of {@link createInbox}. */
export interface InboxOptions {
  readonly store: MemoryStore;
  readonly history: MemoryHistory;
  readonly notes: NoteBook;
  readonly now?: () => number;
}

/** Makes the {@link Inbox} of the proposals below `memory/inbox/`. */
export function createInbox({ store, history, notes, now = Date.now }: InboxOptions): Inbox {
  let proposed = 0;
  const get = async (id: string, signal: AbortSignal): Promise<Proposal> => {
    const path = proposalPath(id);
    const proposal = parseProposal(path, (await store.load(path, signal)).text);
    memoryPathNames(proposal.path);
    return proposal;
  };
  return {
    get,
    async propose(proposal, signal) {
      memoryPathNames(proposal.path);
      assertNoSecrets(proposal.path, proposal.text);
      if ((await store.list(inboxPrefix, signal)).length >= maxProposals)
        throw memoryTooLarge("The inbox", `${maxProposals} proposals; somebody must look at them first`);
      const at = now();
      // Those of one moment keep their order, too.
      const place = (proposed++ % 46_656).toString(36).padStart(3, "0");
      const made = { ...proposal, id: `${time36(at)}-${place}${randomBytes(3).toString("hex")}`, at };
      await store.save(proposalPath(made.id), renderProposal(made), { ifMatch: null }, signal);
      return made;
    },
    async list(signal) {
      const proposals: Proposal[] = [];
      for (const { path } of await store.list(inboxPrefix, signal)) {
        try {
          proposals.push(parseProposal(path, (await store.load(path, signal)).text));
        } catch (error) {
          if (!isTauError(error) || error.code === "memory.unavailable") throw error;
        }
      }
      return proposals.toSorted((a, b) => a.at - b.at || byCodeUnits(a.id, b.id));
    },
    async approve(shown, approver, signal) {
      const { id } = shown;
      const isNote = shown.path.startsWith(notesPrefix);
      if ("person" in approver ? approver.person.kind !== "person" : !isNote) throw needsPerson();
      const by = "person" in approver ? approver.person.id : `policy:${approver.policy}`;
      const proposal = await get(id, signal);
      // Whoever can write files could have exchanged it while somebody read it.
      if (renderProposal(proposal) !== renderProposal(shown)) throw memoryChanged(proposalPath(id));
      const author = { by, reason: `approved ${id}: ${proposal.summary}` };
      if (isNote) {
        const note = parseNote(proposal.path, proposal.text, proposal.at);
        // A person vouches for it; a rule only lets it in, and it stays what it was.
        const label = "person" in approver ? vouched(proposal.label) : proposal.label;
        await notes.add({ ...note, label, approvedBy: by }, author, signal);
        await store.delete(proposalPath(id), {}, signal);
        return notePath(note.id);
      }
      await history.as(author).save(proposal.path, proposal.text, { ifMatch: proposal.replaces }, signal);
      await store.delete(proposalPath(id), {}, signal);
      return proposal.path;
    },
    async reject(id, signal) {
      await store.delete(proposalPath(id), {}, signal);
    },
  };
}

function vouched(label: Label): Label {
  return label.integrity === "untrusted" ? { ...label, integrity: "workspace" } : label;
}

/** Sorts by time, as long as names do. */
function time36(at: number): string {
  return at.toString(36).padStart(9, "0");
}

function needsPerson(): TauError {
  return new TauError(
    "memory.needs_person",
    "Only a person lets a proposal in, or a rule of the operator: show it to somebody.",
  );
}
