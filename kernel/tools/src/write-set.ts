/** What happened to one path of the workspace. */
export interface FileChange {
  /** Relative to the workspace, with `/` between names. */
  readonly path: string;
  readonly kind: "created" | "changed" | "deleted";
  /** `other` is a named pipe, a socket or a device: such a change cannot be committed. */
  readonly type: "file" | "folder" | "link" | "other";
  /** Bytes; of a deletion, those that go. */
  readonly size: number;
  /** Permission bits, for example 0o644; of a deletion, those that were. */
  readonly mode: number;
  /** Permission bits before, of a change only. */
  readonly modeBefore?: number;
  /** SHA-256 of the new content of a file, or of the new target of a link; hexadecimal. */
  readonly digest?: string;
}

/** Everything that a transaction would change, and nothing else: ordered by path, a deleted folder with all of its content. */
export interface WriteSet {
  /** The transaction's id. */
  readonly id: string;
  /** SHA-256 over `changes`: what an approval is bound to. */
  readonly hash: string;
  readonly changes: readonly FileChange[];
}

/**
 * How far a transaction has come.
 *
 * - `held`: nothing of it is in the workspace
 * - `committed`, `undone`: all of it is, or all of it was and is no more
 * - `stuck`: a commit was interrupted and can be neither finished nor undone, because the workspace changed meanwhile
 */
export type TransactionStatus = "held" | "committed" | "undone" | "stuck";

/** A line of {@link Transactions.list}. */
export interface TransactionSummary {
  readonly id: string;
  readonly status: TransactionStatus;
  /** The command line, as one text. */
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly changes: readonly FileChange[];
}
