import type { FlowRule } from "../flow/flow-rule.ts";
import type { ArgvPattern } from "./argv-pattern.ts";
import type { Decision } from "./decision.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { ProgramPin } from "./program-pin.ts";
import type { RuleLayer, RuleOrigin } from "./rule-layer.ts";
import type { Wildcard } from "./wildcard.ts";

/** What a rule, or all of them together, can say. */
export type Verdict = Decision["decision"];

/** A rule with its explanation and its examples, as a person writes it. */
export interface PermissionRule {
  /** For example `read(**\/.env*)`, `bash(git (status|diff) *)`, `network(*.github.com)`, `edit`. */
  readonly rule: string;
  /** Shown to the model and to people when the rule decides; a denial says what to do instead. */
  readonly reason?: string;
  /** Commands, paths, hosts or tool names the rule must cover; checked when the rules are loaded. */
  readonly match?: readonly string[];
  /** The same, for what it must not cover. */
  readonly notMatch?: readonly string[];
}

/** Rules by what they say. Their order means nothing: deny beats ask, and ask beats allow. */
export interface PermissionRules {
  readonly deny?: readonly (string | PermissionRule)[];
  readonly ask?: readonly (string | PermissionRule)[];
  readonly allow?: readonly (string | PermissionRule)[];
}

/** The rules of one layer. Several sets may be of the same layer. */
export interface PermissionLayer {
  readonly layer: RuleLayer;
  readonly rules: PermissionRules;
  /** Which files the names of programs may mean. Whatever else a name means is asked about, trusted layer or not. */
  readonly programs?: Readonly<Record<string, ProgramPin>>;
  /** Which effects need a decision under which labels; they only tighten, so trust makes no difference. For `createFlowControl`. */
  readonly flow?: readonly FlowRule[];
  /** Where they were read, for explanations: a file's path. */
  readonly source?: string;
  /** Whether a person trusts what they were read from. Default true. False: they may only tighten, so allow rules count for nothing. */
  readonly trusted?: boolean;
}

/** What a rule looks at. */
export type RulePattern =
  | { readonly kind: "any" }
  | { readonly kind: "tool"; readonly name: Wildcard; readonly path?: PathPattern }
  | { readonly kind: "read" | "write"; readonly path?: PathPattern }
  | { readonly kind: "command"; readonly argv?: ArgvPattern }
  | { readonly kind: "network" | "send"; readonly host?: Wildcard };

/** A rule, ready to be matched. */
export interface CompiledRule {
  /** As written. */
  readonly text: string;
  readonly verdict: Verdict;
  readonly origin: RuleOrigin;
  readonly source?: string;
  /** Whether nobody trusts it yet: then it tightens what is decided without it, and does nothing else. */
  readonly untrusted?: true;
  readonly reason?: string;
  readonly pattern: RulePattern;
}
