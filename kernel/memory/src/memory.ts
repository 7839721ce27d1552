import { createInbox } from "./inbox/inbox.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { createMemoryHistory } from "./history/memory-history.ts";
import type { MemoryHistory } from "./history/memory-history.ts";
import { createNoteBook } from "./notes/note-book.ts";
import type { NoteBook } from "./notes/note-book.ts";
import { notesPrefix } from "./notes/note.ts";
import { createMemorySearch } from "./search/memory-search.ts";
import type { MemorySearch } from "./search/memory-search.ts";
import type { SearchIndex } from "./search/search-index.ts";
import { createTransientIndex } from "./search/transient-index.ts";
import { withoutSecrets } from "./secrets.ts";
import type { MemoryStore } from "./store/memory-store.ts";

/** Where the files are that an agent keeps as it likes. */
export const filesPrefix = "memory/files/";

/** Everything that one tenant remembers. */
export interface Memory {
  /** Its files; nothing that looks like a credential is kept. Writes that should be remembered go through `history.as`. */
  readonly store: MemoryStore;
  readonly history: MemoryHistory;
  readonly notes: NoteBook;
  readonly inbox: Inbox;
  /** Over notes and the agent's files; never over the inbox. */
  readonly search: MemorySearch;
}

/** Options of {@link createMemory}. */
export interface MemoryOptions {
  readonly store: MemoryStore;
  /** Default: one in the memory of the process. */
  readonly index?: SearchIndex;
  readonly now?: () => number;
}

/** Puts a tenant's memory together over a store. */
export function createMemory({ store: files, index, now = Date.now }: MemoryOptions): Memory {
  const store = withoutSecrets(files);
  const history = createMemoryHistory({ store, now });
  const notes = createNoteBook({ store, history, now });
  return {
    store,
    history,
    notes,
    inbox: createInbox({ store, history, notes, now }),
    search: createMemorySearch({
      store,
      index: index ?? createTransientIndex(),
      prefixes: [notesPrefix, filesPrefix],
    }),
  };
}
