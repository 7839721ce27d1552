import type { Label } from "./label.ts";

/**
 * What a tool call does, in the words that rules about the flow of information use:
 * - `read`: reads what whoever may see the workspace may read
 * - `read_secret`: reads what a secret belongs to
 * - `read_untrusted`: brings in what nobody vouches for
 * - `write`: changes files of the workspace, which can be undone
 * - `persist`: writes what programs, or later sessions, obey by themselves: hooks, CI files, AGENTS.md, memory
 * - `command`: runs a program that the operating system keeps inside the workspace and off the network
 * - `external`: tells somebody outside something, be it by asking for an address
 * - `irreversible`: changes the world in a way that cannot be taken back, or that nothing bounds
 */
export type EffectKind =
  | "read"
  | "read_secret"
  | "read_untrusted"
  | "write"
  | "persist"
  | "command"
  | "external"
  | "irreversible";

/** What the model was shown when it asked for something. */
export interface ShownContext {
  /** The join of everything that it was shown. */
  readonly label: Label;
  /** Whether what it was shown tells of something that was changed or sent. */
  readonly acted: boolean;
}
