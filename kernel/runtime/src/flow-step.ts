import { joinLabels, textOf, untrusted, workspaceLabel } from "@tau/core";
import type { EffectKind, EffectFinished, Label, ToolCallPart, ToolResultPart } from "@tau/core";
import { isPlain, taintAnywhere, taintAt } from "@tau/session";
import type { EffectState } from "@tau/session";
import type { Decision, ReadyCall } from "@tau/tools";
import { isSaidBy, labelContent, labelOfContent, secretsIn } from "@tau/tools/flow";
import type { CallFacts, FlowControl } from "@tau/tools/flow";

import { holdingTransactions } from "./can-hold.ts";
import { labelsOfHandles, plainArguments } from "./held-values.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

/** What the flow of information says of a call. */
export interface FlowDecision extends Decision {
  /** Absent: it only reads. */
  readonly kinds?: readonly EffectKind[];
  /** What the model had been shown when it asked; absent: nothing untrusted or secret. */
  readonly label?: Label;
}

/** Decides whether what the model was shown may lead to this call; absent where information flows as it likes. */
export function flowOn(scope: RunScope, effect: EffectState, prepared: ReadyCall): FlowDecision | undefined {
  const { flow, log } = scope;
  if (flow === undefined) return undefined;
  const { kinds } = factsOf(scope, flow, prepared);
  const label = joinLabels(askedUnder(scope), ...labelsOfHandles(effect.call, log.state.values));
  const context = { label, acted: log.history.shown.acted, before: kindsBefore(scope, effect) };
  const decision = flow.decide(kinds, context);
  const more = {
    ...(kinds.every((kind) => kind === "read") ? {} : { kinds }),
    ...(isPlain(label) ? {} : { label }),
  };
  if (decision.decision === "allow" || holdingTransactions(scope, prepared) === undefined)
    return { ...decision, ...more };
  // It can be tried first, also where nobody is asked: what it really writes is decided on by itself.
  const tried = flow.decide(factsOf(scope, flow, prepared, true).kinds, context);
  return { ...decision, ...(tried.decision === "allow" ? { decision: "ask", review: true } : {}), ...more };
}

/** The result as the history keeps it: labelled with all that it may be made of. */
export function labelResult(
  scope: RunScope,
  { effect, prepared }: ReadyEffect,
  { ran, shown }: { readonly ran: ToolResultPart; readonly shown: ToolResultPart },
): ToolResultPart {
  if (scope.flow === undefined) return shown;
  const read = readLabel(scope, scope.flow, prepared);
  // A hook may have rewritten what the tool said, but it is still made out of it.
  const said = labelOfContent(ran.content);
  const labels = [...labelsOfHandles(effect.call, scope.log.state.values), ...secretLabels(ran)];
  if (read !== undefined) labels.push(read);
  if (said !== undefined) labels.push(said);
  if (labels.length === 0) return shown;
  const made = joinLabels(...labels);
  const label: Label = prepared.tool.endorses === true ? { ...made, integrity: "workspace" } : made;
  return isPlain(label) ? shown : { ...shown, content: labelContent(shown.content, label) };
}

/** Credentials in what a tool said, known by their looks: wherever they come from, they are secret. */
function secretLabels({ content }: ToolResultPart): readonly Label[] {
  const secrets = content.flatMap((part) => (part.type === "text" ? secretsIn(part.text) : []));
  return secrets.length === 0 ? noLabels : [joinLabels({ ...workspaceLabel, secrets })];
}

const noLabels: readonly Label[] = [];

/** The files that the call may have written untrusted text to: what it was asked under, or what it read. */
export function taintOf(scope: RunScope, { effect, prepared }: ReadyEffect): Pick<EffectFinished, "tainted"> {
  if (scope.flow === undefined) return {};
  const { access } = prepared;
  const isCommand = access.some(({ kind }) => kind === "command");
  const paths = access.flatMap((one) => (one.kind === "write" ? [one.path] : []));
  if (paths.length === 0 && !isCommand) return {};
  if (isCommand && scope.environment.info.enforced && scope.environment.info.profile.access === "read-only")
    return {};
  const read = readLabel(scope, scope.flow, prepared) ?? workspaceLabel;
  const passed = labelsOfHandles(effect.call, scope.log.state.values);
  const label = joinLabels(askedUnder(scope), ...passed, ...(isCommand ? [read] : []));
  if (label.integrity !== "untrusted") return {};
  return { tainted: { paths: isCommand ? ["*"] : paths, label } };
}

/** The same of a call that was interrupted, so that nobody knows what it wrote. */
export function taintOfUnknown({ decided }: EffectState): Pick<EffectFinished, "tainted"> {
  const { kinds = [], label } = decided ?? {};
  const writes = kinds.some((kind) => kind !== "read" && kind !== "read_untrusted" && kind !== "read_secret");
  if (!writes || label?.integrity !== "untrusted") return {};
  return { tainted: { paths: ["*"], label } };
}

/** What the model had been shown when it asked for the calls of this step, and what a tool that calls others was told. */
export function askedUnder(scope: RunScope): Label {
  const { gathered } = scope;
  const shown = runOf(scope).answer?.label ?? workspaceLabel;
  return gathered === undefined ? shown : joinLabels(shown, gathered());
}

/** What an answer of the call may be made of. */
function readLabel(scope: RunScope, flow: FlowControl, prepared: ReadyCall): Label | undefined {
  const { tainted } = scope.log.state;
  const labels = prepared.access.flatMap((one) => {
    return one.kind === "read" || one.kind === "write" ? (taintAt(tainted, one.path) ?? []) : [];
  });
  const commands =
    prepared.tool.showsCommands === true || prepared.access.some(({ kind }) => kind === "command");
  if (commands) labels.push(...[taintAnywhere(tainted)].flatMap((one) => one ?? []));
  labels.push(...[scope.taints?.labelOf(prepared)].flatMap((one) => one ?? []));
  const { label } = factsOf(scope, flow, prepared);
  const all = [...(label === undefined ? [] : [label]), ...labels, ...artifactLabels(scope, prepared.call)];
  return all.length === 0 ? undefined : joinLabels(...all);
}

/** Artifacts that the call names: what is not of this session was made out of who knows what. */
function artifactLabels({ log }: RunScope, call: ToolCallPart): readonly Label[] {
  const text = plainArguments(call);
  if (!text.includes("artifact:")) return noLabels;
  const ids = text.match(/artifact:[0-9a-f]{12,64}/gu) ?? [];
  return ids.map((id) => log.state.artifacts[id] ?? untrusted(id));
}

// Of a call as it was prepared, they are wanted for its decision, its result and what it taints. One that touches nothing by
// name is not kept: its tool says all, and a map of calls costs the collector more than it saves.
const knownFacts = new WeakMap<ReadyCall, CallFacts>();

function factsOf(scope: RunScope, flow: FlowControl, prepared: ReadyCall, judgedWrites = false): CallFacts {
  const { tool, access, call, input } = prepared;
  const fetches = tool.sideEffect === "pure" && access.some(({ kind }) => kind === "network");
  // What the person said before may be trimmed away meanwhile.
  const isFixed = !fetches && !judgedWrites && access.some(({ kind }) => kind !== "other");
  const known = isFixed ? knownFacts.get(prepared) : undefined;
  if (known !== undefined) return known;
  const facts = flow.factsOf({
    tool,
    access,
    saidByUser: fetches && isSaidByUser(scope, call),
    actsByCommands: tool.actsByCommands?.(input) === true,
    judgedWrites,
  });
  if (isFixed) knownFacts.set(prepared, facts);
  return facts;
}

/** Whether the person who prompts wrote what the call would send, in words that are still shown. */
function isSaidByUser({ log }: RunScope, call: ToolCallPart): boolean {
  const words = log.history.entries
    .filter(({ message, label }) => message.role === "user" && label.integrity !== "untrusted")
    .map(({ message }) => textOf(message));
  return isSaidBy(words.join("\n"), call.arguments);
}

/** What the calls before it in the same answer do, as far as they are not refused. */
function kindsBefore(scope: RunScope, effect: EffectState): readonly EffectKind[] {
  const { effects } = runOf(scope);
  if (effects.length === 1 && effects[0] === effect) return noKinds;
  const at = effects.findIndex(({ effectId }) => `${effect.effectId}:`.startsWith(`${effectId}:`));
  const inner = effects[at]?.inner?.filter(({ effectId }) => effectId !== effect.effectId) ?? [];
  return [...effects.slice(0, at), ...(effects[at]?.effectId === effect.effectId ? [] : inner)].flatMap(
    ({ decided }) => (decided?.decision === "deny" ? [] : (decided?.kinds ?? [])),
  );
}

const noKinds: readonly EffectKind[] = [];
