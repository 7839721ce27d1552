export type { ContentStoreAdapter, OpenContentStore } from "./describe-content-store.ts";
export { describeContentStore } from "./describe-content-store.ts";
export { describeJournal } from "./describe-journal.ts";
export type { JournalAdapter } from "./journal-adapter.ts";
export type { LeasesAdapter, OpenLeases } from "./describe-leases.ts";
export { describeLeases } from "./describe-leases.ts";
export type { ManualClock } from "./manual-clock.ts";
export { createManualClock } from "./manual-clock.ts";
