import type { Tool } from "../tool.ts";

/** Tools that belong together, with what they need to be there. */
export interface Module {
  /** 1 to 64 of `a-z A-Z 0-9 _ -`. */
  readonly name: string;
  readonly description: string;
  /** Its tools; asked for once, after `initialize`. */
  tools(): readonly Tool[];
  /** Opens what the tools need. Stops promptly when `signal` aborts. */
  initialize?(signal: AbortSignal): Promise<void>;
  /** Closes what `initialize` opened, also where that failed half-way. */
  cleanup?(): Promise<void>;
}
