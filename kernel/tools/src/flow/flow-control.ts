import { homedir } from "node:os";

import type { EffectKind, Label, ShownContext } from "@tau/core";

import type { EnvironmentInfo } from "../environment.ts";
import type { Decision } from "../permissions/decision.ts";
import type { PermissionLayer } from "../permissions/rule.ts";
import { callFacts } from "./call-facts.ts";
import type { FlowCall } from "./call-facts.ts";
import { checkFlowRules, flowRulesOf } from "./check-flow-rules.ts";
import { bitsOf, bitsSetBy, countBits, joinBits } from "./flow-bits.ts";
import type { CallFacts, FlowPlace } from "./flow-place.ts";
import { appliesTo, defaultFlowRules, describeFlowRule } from "./flow-rule.ts";
import type { FlowRule, LayeredFlowRule } from "./flow-rule.ts";

/** Options of {@link createFlowControl}. */
export interface FlowOptions {
  /** Whether a person vouches for what the workspace contains. Default true. */
  readonly trustedWorkspace?: boolean;
  /** Beside {@link defaultFlowRules}: they only tighten. */
  readonly rules?: readonly FlowRule[];
  /** Whose flow rules count beside them, the one with the greatest say first: like them, they only tighten. */
  readonly layers?: readonly PermissionLayer[];
  /** `never`: nobody is asked, so what needs a decision is denied. Default `ask`. */
  readonly approvals?: "ask" | "never";
  /** Whether what commands write is looked at before it is done. Default false. */
  readonly judgedWrites?: boolean;
  /** `hold`: a model with tools is never shown untrusted text, only handles of it. Default `show`, between marks. */
  readonly untrusted?: "show" | "hold";
  /** Default: the home folder of this process. */
  readonly home?: string;
}

/** What a call is asked for under. */
export interface FlowContext extends ShownContext {
  /** What the calls that the model asked for before it, in the same answer, do. */
  readonly before?: readonly EffectKind[];
}

/** Keeps information from flowing where it must not: what untrusted text asks for, and where secrets go. */
export interface FlowControl {
  /** Whether there is a person to ask. */
  readonly asks: boolean;
  /** Whether untrusted text is held instead of shown. */
  readonly holds: boolean;
  /** All that count, those that hold everywhere first. */
  readonly rules: readonly LayeredFlowRule[];
  /** What a call does, and how far its answer may be trusted. */
  factsOf(call: FlowCall): CallFacts;
  /** Pure; never looser than `allow` of the permission rules, which it is the meet with. */
  decide(kinds: readonly EffectKind[], context: FlowContext): Decision;
}

/**
 * Makes the {@link FlowControl} of an environment.
 *
 * Throws `permission.invalid_rule` and `permission.example_failed` for rules that make no sense.
 */
export function createFlowControl(environment: EnvironmentInfo, options: FlowOptions = {}): FlowControl {
  const { trustedWorkspace = true, judgedWrites = false, home = homedir(), approvals = "ask" } = options;
  const place: FlowPlace = { environment, trustedWorkspace, judgedWrites, home };
  const { rules: own = [], layers = [] } = options;
  checkFlowRules(own, home);
  const rules = [...defaultFlowRules, ...own, ...flowRulesOf(layers, home)];
  // Of calls that touch nothing by name, which are known by their tool: they are most calls of most tools.
  const ofTools = new WeakMap<FlowCall["tool"], CallFacts>();
  return {
    rules,
    asks: approvals === "ask",
    holds: options.untrusted === "hold",
    factsOf: (call) => {
      if (call.judgedWrites === true || !call.access.every(({ kind }) => kind === "other"))
        return callFacts(call, place);
      const facts = ofTools.get(call.tool) ?? callFacts(call, place);
      ofTools.set(call.tool, facts);
      return facts;
    },
    decide: (kinds, context) => {
      const decision = strictestOf(rules, kinds, context);
      if (decision.decision !== "ask" || approvals === "ask") return decision;
      return { ...decision, decision: "deny", reason: `${decision.reason} Nobody is asked in this run.` };
    },
  };
}

function strictestOf(
  rules: readonly LayeredFlowRule[],
  kinds: readonly EffectKind[],
  context: FlowContext,
): Decision {
  for (const wanted of ["deny", "ask"] as const) {
    for (const kind of kinds) {
      const rule = rules.find((one) => one.decision === wanted && appliesTo(one, kind, context.label));
      if (rule !== undefined) {
        const { reason, layer } = rule;
        const happened = reasonOf(kind, context.label);
        return {
          decision: wanted,
          reason: reason === undefined ? happened : `${reason} ${happened}`,
          rule: describeFlowRule(rule),
          ...(layer === undefined ? {} : { layer }),
        };
      }
    }
  }
  const three = ruleOfTwo(kinds, context);
  if (three !== undefined) return { decision: "ask", reason: three, rule: "flow(rule of two)" };
  return { decision: "allow", reason: "Nothing that was shown forbids it." };
}

const deeds: Readonly<Record<EffectKind, string>> = {
  read: "reads",
  read_secret: "reads a secret",
  read_untrusted: "brings in what nobody vouches for",
  write: "changes files",
  persist: "writes what programs or later sessions obey by themselves",
  command: "runs a command",
  external: "tells somebody outside something",
  irreversible: "cannot be taken back",
};

function reasonOf(kind: EffectKind, label: Label): string {
  return `This ${deeds[kind]}, and the model asked for it after it was shown ${sourcesOf(label)}.`;
}

/** Untrusted input, secrets, and deeds: two of them may come together without a person, and not all three. */
function ruleOfTwo(kinds: readonly EffectKind[], context: FlowContext): string | undefined {
  const own = bitsSetBy(kinds);
  if (countBits(own) === 0) return undefined;
  const before = joinBits(bitsOf(context), bitsSetBy(context.before ?? []));
  if (countBits(joinBits(before, own)) < 3) return undefined;
  const what = kinds.filter((kind) => kind !== "read").map((kind) => deeds[kind]);
  return `Untrusted text, secrets and deeds would come together: this ${what.join(", ")}, and the model was shown ${sourcesOf(context.label)}.`;
}

/** Where it came from, in words. */
function sourcesOf({ integrity, origins, secrets }: Label): string {
  const named = origins.filter(
    (origin) => origin !== "user" && origin !== "workspace" && origin !== "command",
  );
  const list = named.slice(0, 5).map(plainName);
  const more = named.length > 5 ? ` and ${named.length - 5} more` : "";
  const trust = integrity === "untrusted" ? "untrusted content" : "content";
  const from = list.length === 0 ? trust : `${trust} from ${list.join(", ")}${more}`;
  return secrets.length === 0
    ? from
    : `${from}, with the secrets ${secrets.slice(0, 5).map(plainName).join(", ")}`;
}

/** Names of files and hosts are what others chose, and this is shown to the model: they must not make sentences. */
function plainName(name: string): string {
  return name.replaceAll(/[^\w:./@-]+/gu, "_").slice(0, 60);
}
