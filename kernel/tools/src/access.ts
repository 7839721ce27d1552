import type { ExecutedFile } from "./permissions/executed-file.ts";

/**
 * One thing that a tool call would touch. Permissions are decided on these, never on the model's words.
 *
 * `command` carries shell source: the rules parse it; a tool never interprets it itself.
 */
export type Access =
  | { readonly kind: "read"; readonly path: string }
  | { readonly kind: "write"; readonly path: string }
  | {
      readonly kind: "command";
      readonly source: string;
      readonly cwd: string;
      /** What it would execute, found out when the call is prepared; absent where nobody looked. */
      readonly files?: readonly ExecutedFile[];
    }
  | { readonly kind: "network"; readonly host: string }
  /** Beside `network`: the call does more at the host than look. */
  | { readonly kind: "send"; readonly host: string }
  | { readonly kind: "other" };
