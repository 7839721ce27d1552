import { createMemoryJournal } from "../memory/memory-journal.ts";
import { createMemoryLeases } from "../memory/memory-leases.ts";
import { describeEngine } from "../testing/describe-engine.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createEmbeddedEngine } from "./embedded-engine.ts";
import { createSlowJournal, createSlowLeases, createWaits } from "./store.test.support.ts";

describeEngine("createEmbeddedEngine()", {
  open: async () => {
    const journal = createMemoryJournal();
    const leases = createMemoryLeases();
    const clock = createManualClock();
    return {
      journal,
      openEngine: async () => createEmbeddedEngine({ journal, leases, clock }),
      now: () => clock.now(),
      advance: async (ms) => clock.advance(ms),
      [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
    };
  },
});

describeEngine("createEmbeddedEngine() on a slow store", {
  open: async () => {
    const wait = createWaits(20_261_120);
    const journal = createSlowJournal(createMemoryJournal(), wait);
    const leases = createSlowLeases(createMemoryLeases(), wait);
    const clock = createManualClock();
    return {
      journal,
      openEngine: async () => createEmbeddedEngine({ journal, leases, clock }),
      now: () => clock.now(),
      advance: async (ms) => clock.advance(ms),
      [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
    };
  },
});
