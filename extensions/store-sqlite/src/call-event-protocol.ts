/** An event of a call as it lies in a tenant's file. */
export interface StoredCall {
  readonly id: string;
  readonly at: number;
  readonly session: string | null;
  readonly type: string;
  readonly version: number;
  /** The whole event, as JSON. */
  readonly event: string;
}

/** A body that goes with events, and the time of the newest of them. */
export interface StoredCallBody {
  readonly sha256: string;
  readonly at: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Operations on events of calls that change a tenant's file. */
export type CallEventWrite =
  | {
      readonly op: "call_append";
      readonly tenant: string;
      readonly events: readonly StoredCall[];
      readonly bodies: readonly StoredCallBody[];
    }
  /** Removes up to `limit` of each that are older. */
  | {
      readonly op: "call_purge";
      readonly tenant: string;
      readonly eventsBefore: number;
      readonly bodiesBefore: number;
      readonly limit: number;
    };

/** Operations on events of calls that only look. */
export type CallEventRead =
  /** The newest events before a place, newest first. */
  | {
      readonly op: "call_read";
      readonly tenant: string;
      readonly from: number;
      /** Exclusive: a time, and an id at that time. */
      readonly before: readonly [at: number, id: string];
      readonly session: string | null;
      readonly limit: number;
    }
  | { readonly op: "call_body"; readonly tenant: string; readonly sha256: string }
  /** Lets nothing of what was removed stay on the disk; changes nothing that can be read. */
  | { readonly op: "call_wipe"; readonly tenant: string }
  /** Whether there is anything older. */
  | {
      readonly op: "call_has_older";
      readonly tenant: string;
      readonly eventsBefore: number;
      readonly bodiesBefore: number;
    };

/** What each of them answers. */
export interface CallEventAnswers {
  readonly call_append: null;
  readonly call_purge: { readonly events: number; readonly bodies: number };
  readonly call_read: readonly StoredCall[];
  readonly call_body: Uint8Array<ArrayBuffer> | null;
  readonly call_wipe: null;
  readonly call_has_older: boolean;
}
