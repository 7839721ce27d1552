import type { PermissionLayer, Verdict } from "@tau/tools";

/** A word of a command; `undefined` is one that only running the shell would tell. */
export type Word = string | undefined;

/** A rule as data, before it is written as text. */
export interface ModelRule {
  readonly verdict: Verdict;
  readonly layer: PermissionLayer["layer"];
  readonly trusted: boolean;
  readonly about:
    | { readonly kind: "everything" }
    | { readonly kind: "tool"; readonly name: string }
    | { readonly kind: "command"; readonly words?: readonly string[]; readonly rest?: boolean }
    | { readonly kind: "read" | "write"; readonly folder?: string; readonly file?: string }
    | { readonly kind: "network"; readonly host?: string };
}

/** One thing that a call does, as data. */
export type ModelEffect =
  | { readonly kind: "command"; readonly argv: readonly Word[]; readonly wrapped: Wrapping }
  | { readonly kind: "read" | "write"; readonly path: string; readonly by: "tool" | "redirect" }
  | { readonly kind: "network"; readonly host: string }
  | { readonly kind: "other"; readonly pure: boolean };

/** In what a command is put, without being another one for it. */
export type Wrapping = "plain" | "timeout" | "env" | "bash" | "subshell" | "negated" | "substituted";

/** A policy and its surroundings, as data. */
export interface ModelPolicy {
  readonly profile: "read-only" | "workspace-write" | "full";
  readonly enforced: boolean;
  readonly network: boolean;
  readonly rules: readonly ModelRule[];
}

/** A call, as data. */
export interface ModelCall {
  readonly tool: string;
  readonly effects: readonly ModelEffect[];
}

export const workspace = "/w";
export const home = "/home/ada";
