import type { Checkpoint, ListOptions, StreamSummary } from "@tau/runtime";

/**
 * What the main thread asks of the database thread. Operations of a message are answered together; the
 * fields are plain values, so that copying them between threads stays cheap.
 */
export type Operation =
  | {
      readonly op: "append";
      readonly tenant: string;
      readonly stream: string;
      readonly expected: number;
      /** type, version, at, body of each event, one after the other. */
      readonly events: readonly (string | number)[];
    }
  | { readonly op: "version"; readonly tenant: string; readonly stream: string }
  | {
      readonly op: "read";
      readonly tenant: string;
      readonly stream: string;
      readonly from: number;
      readonly limit: number;
    }
  | { readonly op: "list"; readonly tenant: string; readonly options: ListOptions }
  | { readonly op: "tenants" }
  | {
      readonly op: "save_checkpoint";
      readonly tenant: string;
      readonly stream: string;
      readonly seq: number;
      readonly version: number;
      readonly state: string;
    }
  | { readonly op: "load_checkpoint"; readonly tenant: string; readonly stream: string }
  | {
      readonly op: "put_content";
      readonly tenant: string;
      readonly sha256: string;
      readonly data: Uint8Array;
    }
  | { readonly op: "get_content"; readonly tenant: string; readonly sha256: string }
  | {
      readonly op: "acquire";
      readonly tenant: string;
      readonly key: string;
      readonly owner: string;
      readonly now: number;
      readonly until: number;
    }
  | { readonly op: "renew"; readonly tenant: string; readonly owner: string; readonly until: number }
  | { readonly op: "release"; readonly tenant: string; readonly key: string; readonly owner: string }
  /** A number that changes when another process wrote. */
  | { readonly op: "foreign_version"; readonly tenant: string }
  | { readonly op: "close" };

/** What each operation answers. */
export interface Answers {
  readonly append: number;
  readonly version: number;
  /** seq, type, version, at, body of each event, one after the other. */
  readonly read: readonly (string | number)[];
  readonly list: readonly StreamSummary[];
  readonly tenants: readonly string[];
  readonly save_checkpoint: null;
  readonly load_checkpoint: (Omit<Checkpoint, "state"> & { readonly state: string }) | null;
  readonly put_content: null;
  readonly get_content: Uint8Array | null;
  readonly acquire: boolean;
  /** The keys still held. */
  readonly renew: readonly string[];
  readonly release: null;
  readonly foreign_version: number;
  readonly close: null;
}

/** One operation on its way to the database thread. */
export interface Request {
  readonly id: number;
  readonly operation: Operation;
}

/** One answer on its way back. */
export type Response =
  | { readonly id: number; readonly ok: true; readonly answer: Answers[Operation["op"]] }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly version?: number;
    };
