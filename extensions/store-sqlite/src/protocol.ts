import type { Checkpoint, ListOptions, RecentOptions, RecentPage, StreamSummary } from "@tau/runtime";

import type { AnswerAnswers, AnswerRead, AnswerWrite } from "./answer-protocol.ts";
import type { CallEventAnswers, CallEventRead, CallEventWrite } from "./call-event-protocol.ts";
import type { PrefixAnswers, PrefixWrite } from "./prefix-protocol.ts";
import type { MemoryAnswers, MemoryRead, MemoryWrite } from "./memory-protocol.ts";
import type { BudgetAnswers, BudgetRead, BudgetWrite } from "./budget-protocol.ts";

/** What copying between threads is cheapest for. */
export type Plain = string | number;

/** Operations that change a tenant's file, beside appends. */
export type WriteOperation =
  | AnswerWrite
  | BudgetWrite
  | CallEventWrite
  | MemoryWrite
  | PrefixWrite
  | {
      readonly op: "save_checkpoint";
      readonly tenant: string;
      readonly stream: string;
      readonly seq: number;
      readonly version: number;
      readonly state: string;
    }
  /** Answers the SHA-256. */
  | { readonly op: "put_content"; readonly tenant: string; readonly data: Uint8Array<ArrayBuffer> }
  | {
      readonly op: "acquire";
      readonly tenant: string;
      readonly key: string;
      readonly owner: string;
      readonly ttlMs: number;
    }
  /** Answers the keys that are still held. */
  | {
      readonly op: "renew";
      readonly tenant: string;
      readonly keys: readonly string[];
      readonly owner: string;
    }
  | { readonly op: "release"; readonly tenant: string; readonly key: string; readonly owner: string };

const writeOperations: Readonly<Record<WriteOperation["op"], true>> = {
  save_checkpoint: true,
  put_content: true,
  acquire: true,
  renew: true,
  release: true,
  answer_put: true,
  answer_drop: true,
  budget_reserve: true,
  budget_settle: true,
  budget_forget: true,
  call_append: true,
  call_purge: true,
  prefix_put: true,
  prefix_remove: true,
  memory_save: true,
  memory_delete: true,
  memory_rename: true,
  memory_index: true,
};

/** Tells whether an operation changes a tenant's file. */
export function isWrite(operation: Operation): operation is WriteOperation {
  return operation.op in writeOperations;
}

/** Operations that only look. */
export type ReadOperation =
  | AnswerRead
  | BudgetRead
  | CallEventRead
  | MemoryRead
  | { readonly op: "version"; readonly tenant: string; readonly stream: string }
  | {
      readonly op: "read";
      readonly tenant: string;
      readonly stream: string;
      readonly from: number;
      /** How many events at most. */
      readonly limit?: number;
    }
  | { readonly op: "list"; readonly tenant: string; readonly options: ListOptions }
  | { readonly op: "recent"; readonly tenant: string; readonly options: RecentOptions }
  | { readonly op: "load_checkpoint"; readonly tenant: string; readonly stream: string }
  | { readonly op: "get_content"; readonly tenant: string; readonly sha256: string };

/** Operations on the store as a whole. */
export type StoreOperation =
  | { readonly op: "open"; readonly directory: string; readonly lockTimeoutMs: number }
  | { readonly op: "tenants" }
  /** The prefixes kept at providers for all tenants, as JSON. */
  | { readonly op: "prefixes" }
  /** Numbers that differ when another process wrote; -1 for a file that cannot be read. */
  | { readonly op: "foreign_versions"; readonly tenants: readonly string[] }
  | { readonly op: "close" };

/** Everything that is asked of the database thread, beside appends. */
export type Operation = WriteOperation | ReadOperation | StoreOperation;

/** One page of a stream: type, version, at and body of each event, one after the other. */
export interface EventPage {
  readonly events: readonly Plain[];
  /** Whether events follow. */
  readonly more: boolean;
}

/** What each operation answers. */
export interface Answers
  extends AnswerAnswers, BudgetAnswers, CallEventAnswers, MemoryAnswers, PrefixAnswers {
  readonly save_checkpoint: null;
  readonly put_content: string;
  readonly acquire: boolean;
  readonly renew: readonly string[];
  readonly release: null;
  readonly version: number;
  readonly read: EventPage;
  readonly list: readonly StreamSummary[];
  readonly recent: RecentPage;
  readonly load_checkpoint: (Omit<Checkpoint, "state"> & { readonly state: string }) | null;
  readonly get_content: Uint8Array<ArrayBuffer> | null;
  readonly open: null;
  readonly tenants: readonly string[];
  readonly prefixes: readonly string[];
  readonly foreign_versions: readonly number[];
  readonly close: null;
}

/** One message to the database thread: a batch, or only its appends when there is nothing else. */
export type Message = Batch | Batch["appends"];

/** One message from the database thread: a reply, or the id of a batch of appends that are all durable. */
export type ReplyMessage = Reply | number;

/** Calls that travel together. */
export interface Batch {
  readonly id: number;
  /** What all of its operations are; operations on the store count as reads. */
  readonly kind: "writes" | "reads";
  /** The id again, and the appends, one after the other, as {@link placeAppend} lays them. */
  readonly appends: readonly [id: number, ...Plain[]];
  readonly operations: readonly Operation[];
}

/** Why something was not done. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The stream and version that a conflicting append found. */
  readonly stream?: string | undefined;
  readonly version?: number | undefined;
  readonly cause?: unknown;
}

/** What became of an operation. */
export type Outcome = { readonly answer: Answers[keyof Answers] } | { readonly refusal: Refusal };

/** The answer to a batch; what it does not refuse was done, and is durable. */
export interface Reply {
  readonly id: number;
  readonly kind: Batch["kind"];
  /** Refused appends by their place in the batch. */
  readonly refused: ReadonlyMap<number, Refusal>;
  /** One for each operation, in order. */
  readonly outcomes: readonly Outcome[];
}
