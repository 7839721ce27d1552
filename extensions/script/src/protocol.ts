/** What the thread is asked. */
export interface RunRequest {
  readonly type: "run";
  readonly code: string;
  readonly memoryBytes: number;
  readonly maxPrintedChars: number;
}

/** What a tool answered. */
export interface CallReply {
  readonly type: "reply";
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

/** A call that the script makes. */
export interface CallRequest {
  readonly type: "call";
  readonly id: number;
  readonly name: string;
  /** JSON of an object, as the script wrote it: checked by whoever makes the call. */
  readonly args: string;
}

/** How a script ended. */
export interface ScriptEnd {
  readonly type: "end";
  /** JSON; absent when it returned nothing. */
  readonly value?: string;
  readonly printed: string;
  readonly error?: string;
}

/** Messages to the thread, and from it. */
export type ToThread = RunRequest | CallReply;
export type FromThread = CallRequest | ScriptEnd;
