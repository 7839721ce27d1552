import type { Label, Message } from "@tau/core";

/** A message with the event that brought it. */
export interface HistoryEntry {
  readonly seq: number;
  /** As a model gets it: untrusted text stands between marks. */
  readonly message: Message;
  /** How far to trust it, and whom it may reach. */
  readonly label: Label;
  /** Whether it tells of something that was changed or sent. */
  readonly acted: boolean;
  /** Estimated tokens. */
  readonly tokens: number;
  /** Whether it is the prompt of a run: the only places where a history may be cut. */
  readonly startsTurn: boolean;
}
