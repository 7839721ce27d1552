import { homedir } from "node:os";
import { posix } from "node:path";

import { TauError, workspaceLabel } from "@tau/core";
import type { EffectKind, Label } from "@tau/core";

import type { Access } from "../access.ts";
import { invalidRule } from "../permissions/invalid-rule.ts";
import type { PermissionLayer } from "../permissions/rule.ts";
import { callFacts } from "./call-facts.ts";
import { appliesTo, confidentialities, describeFlowRule, effectKinds, integrities } from "./flow-rule.ts";
import type { FlowRule, LayeredFlowRule } from "./flow-rule.ts";

/**
 * The flow rules of layers, in their order, each with its layer; their examples are run.
 *
 * Throws `permission.invalid_rule` and `permission.example_failed`.
 */
export function flowRulesOf(layers: readonly PermissionLayer[], home: string): readonly LayeredFlowRule[] {
  return layers.flatMap(({ layer, source, flow = [] }) => {
    checkFlowRules(flow, home);
    const from = source === undefined ? {} : { source };
    return flow.map((rule) => ({ ...rule, layer, ...from }));
  });
}

/** Reads rules and runs their examples. Throws as {@link flowRulesOf} for the first that is wrong. */
export function checkFlowRules(rules: readonly FlowRule[], home: string = homedir()): void {
  for (const rule of rules) {
    checkWords(rule);
    for (const example of rule.match ?? []) checkExample(rule, example, { home, expected: true });
    for (const example of rule.notMatch ?? []) checkExample(rule, example, { home, expected: false });
  }
}

/** A word that is none would make a rule that never applies, and nobody would know. */
function checkWords(rule: FlowRule): void {
  const { effect, decision, integrity = "untrusted", confidentiality = "public" } = rule;
  const known: readonly (readonly [string, string, readonly string[]])[] = [
    ["effect", effect, ["any", ...effectKinds]],
    ["decision", decision, ["ask", "deny"]],
    ["integrity", integrity, integrities],
    ["confidentiality", confidentiality, confidentialities],
  ];
  for (const [field, word, words] of known) {
    if (!words.includes(word))
      throw invalidRule(
        describeFlowRule(rule),
        `has the ${field} ${JSON.stringify(word)}, which is none`,
        `Write one of ${words.join(", ")}`,
      );
  }
}

function checkExample(
  rule: FlowRule,
  example: string,
  { home, expected }: { readonly home: string; readonly expected: boolean },
): void {
  const { kinds, label } = readExample(rule, example, home);
  if (kinds.some((kind) => appliesTo(rule, kind, label)) === expected) return;
  const text = describeFlowRule(rule);
  throw new TauError(
    "permission.example_failed",
    `The ${rule.decision} rule "${text}" ${expected ? "does not apply" : "applies"} to "${example}" (${kinds.join(", ")}), against its ${expected ? "match" : "notMatch"} example. Change the rule or the example.`,
    { details: { rule: text, example } },
  );
}

interface ReadExample {
  readonly kinds: readonly EffectKind[];
  readonly label: Label;
}

const howToWrite =
  "Write an effect such as external, or a call such as write(src/a.ts), bash(make), network(example.org); behind it, after and the label's words: bash(make) after untrusted secret";

function readExample(rule: FlowRule, example: string, home: string): ReadExample {
  const [, call = "", words] = /^(.*?)(?:\s+after\s+([\w\s]+))?$/su.exec(example.trim()) ?? [];
  return { kinds: kindsOf(rule, call, home), label: labelOf(rule, words) };
}

function kindsOf(rule: FlowRule, call: string, home: string): readonly EffectKind[] {
  const kind = effectKinds.find((one) => one === call);
  if (kind !== undefined) return [kind];
  const { name = "", argument = "" } = /^(?<name>\w+)\((?<argument>.+)\)$/su.exec(call)?.groups ?? {};
  const access = accessOf(name, argument, home);
  if (access === undefined)
    throw invalidRule(describeFlowRule(rule), `has the example "${call}"`, howToWrite);
  const tool = { name, sideEffect: "idempotent" } as const;
  return callFacts({ tool, access }, { ...examplePlace, home }).kinds;
}

const workspace = "/workspace";

/** Examples mean what they do in a sandbox that is off the network, in a folder that a person vouches for. */
const examplePlace = {
  environment: {
    kind: "jail",
    enforced: true,
    profile: { access: "workspace-write", workspace, network: false },
    profileHash: "",
  },
  trustedWorkspace: true,
  judgedWrites: false,
} as const;

function accessOf(name: string, argument: string, home: string): readonly Access[] | undefined {
  switch (name) {
    case "read":
    case "write":
      return [{ kind: name, path: posix.resolve(workspace, argument.replace(/^~(?=\/|$)/u, home)) }];
    case "bash":
      return [{ kind: "command", source: argument, cwd: workspace }];
    case "network":
    case "send":
      return [{ kind: name, host: argument }];
    default:
      return undefined;
  }
}

/** The least label that the rule is about, unless the example has words of its own. */
function labelOf(rule: FlowRule, words: string | undefined): Label {
  const { integrity = "untrusted", confidentiality = "public" } = rule;
  if (words === undefined) return { ...workspaceLabel, integrity, confidentiality };
  let label: Label = { ...workspaceLabel, confidentiality: "public" };
  for (const word of words.trim().split(/\s+/u)) {
    const trust = integrities.find((one) => one === word);
    const reach = confidentialities.find((one) => one === word);
    if (trust === undefined && reach === undefined)
      throw invalidRule(
        describeFlowRule(rule),
        `has an example after ${JSON.stringify(word)}`,
        `Write words of ${[...integrities, ...confidentialities].join(", ")}`,
      );
    label = {
      ...label,
      ...(trust === undefined ? {} : { integrity: trust }),
      ...(reach === undefined || word === "workspace" ? {} : { confidentiality: reach }),
    };
  }
  return label;
}
