import type { Journal } from "../journal.ts";

/** How the suite opens the journals it tests. */
export interface JournalAdapter {
  /** Opens an empty journal; the suite disposes it. */
  readonly open: () => Promise<Journal>;
  /**
   * Opens another journal over the data of `first`, as another process would; `first` may be disposed already.
   * Absent when the data ends with the journal.
   */
  readonly reopen?: (first: Journal) => Promise<Journal>;
}
