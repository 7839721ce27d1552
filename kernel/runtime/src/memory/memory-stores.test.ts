import { describeContentStore, describeJournal, describeLeases } from "../testing/index.ts";
import { createMemoryContentStore } from "./memory-content-store.ts";
import { createMemoryJournal } from "./memory-journal.ts";
import { createMemoryLeases } from "./memory-leases.ts";

const nothingToClose = { [Symbol.asyncDispose]: async (): Promise<void> => undefined };

describeJournal("createMemoryJournal", { open: async () => createMemoryJournal() });

describeContentStore("createMemoryContentStore", {
  open: async () => ({ content: createMemoryContentStore(), ...nothingToClose }),
});

describeLeases("createMemoryLeases", {
  open: async () => ({ leases: createMemoryLeases(), ...nothingToClose }),
});
