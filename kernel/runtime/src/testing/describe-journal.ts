import { describe } from "vitest";

import type { JournalAdapter } from "./journal-adapter.ts";
import { appendTests } from "./journal-append-tests.ts";
import { followTests } from "./journal-follow-tests.ts";
import { readTests } from "./journal-read-tests.ts";
import { sharedJournalTests } from "./journal-shared-tests.ts";
import { togetherTests } from "./journal-together-tests.ts";

/** The contract of {@link Journal}, as tests. Call it in a test file of the adapter. */
export function describeJournal(name: string, adapter: JournalAdapter): void {
  describe(`${name} keeps the contract of Journal`, () => {
    appendTests(adapter);
    togetherTests(adapter);
    readTests(adapter);
    followTests(adapter);
    const { reopen } = adapter;
    if (reopen) sharedJournalTests(adapter.open, reopen);
  });
}
