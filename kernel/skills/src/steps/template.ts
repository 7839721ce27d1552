import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject, Label } from "@tau/core";

/** What templates of a step may refer to. */
export interface Scope {
  readonly input: JsonObject;
  /** Whatever went into the input. */
  readonly inputLabel: Label;
  /** The outputs of the steps before. */
  readonly outputs: ReadonlyMap<string, { readonly text: string; readonly label: Label }>;
}

/** A piece of a template that was filled in: words of the skill, or a value with the label of what it came from. */
export interface FilledPiece {
  readonly value: Json;
  /** Absent for words of the skill itself. */
  readonly label?: Label;
}

/** A reference: `${input.path}` or `${steps.name.output.path}`. */
export interface Reference {
  readonly text: string;
  /** The step that it refers to; absent for the input. */
  readonly step?: string;
  readonly path: readonly string[];
}

const pattern = /\$\{(?<inside>[^{}]*)\}/gu;

/** The references in a template, in order. */
export function referencesIn(template: Json): readonly Reference[] {
  if (typeof template === "string") return [...template.matchAll(pattern)].map(([text]) => toReference(text));
  if (Array.isArray(template)) return template.flatMap((one: Json) => referencesIn(one));
  if (isJsonObject(template)) return Object.values(template).flatMap((one) => referencesIn(one));
  return [];
}

/** Why a reference cannot be meant, or nothing when it can. */
export function faultOfReference(
  { text, step, path }: Reference,
  known: readonly string[],
): string | undefined {
  const how = "write ${input.name} or ${steps.name.output}";
  if (path.includes("")) return `${text} cannot be read: ${how}`;
  if (step === undefined) return undefined;
  if (step === "") return `${text} refers to neither the input nor a step: ${how}`;
  if (!known.includes(step))
    return `${text} refers to no step before it; those are: ${known.join(", ") || "none"}`;
  return undefined;
}

/** Fills in a text, piece by piece. Throws RangeError for a path that leads nowhere. */
export function fillPieces(template: string, scope: Scope): readonly FilledPiece[] {
  const pieces: FilledPiece[] = [];
  let at = 0;
  for (const { 0: text, index } of template.matchAll(pattern)) {
    if (index > at) pieces.push({ value: template.slice(at, index) });
    pieces.push(valueOf(toReference(text), scope));
    at = index + text.length;
  }
  if (at < template.length) pieces.push({ value: template.slice(at) });
  return pieces;
}

/**
 * Fills in a template. A text that is nothing but one reference becomes the value itself; elsewhere values become text. What
 * is filled in is never read again: a value that looks like a reference is one no more. Throws RangeError.
 */
export function fill(template: Json, scope: Scope): Json {
  if (typeof template === "string") {
    const pieces = fillPieces(template, scope);
    const [only] = pieces;
    if (only !== undefined && pieces.length === 1) return only.value;
    return pieces.map(({ value }) => textOfValue(value)).join("");
  }
  if (Array.isArray(template)) return template.map((one: Json) => fill(one, scope));
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, one]) => [key, fill(one, scope)]));
}

/** A value as it stands inside of a text. */
export function textOfValue(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function toReference(text: string): Reference {
  const [root, ...rest] = text.slice(2, -1).trim().split(".");
  if (root === "input") return { text, path: rest };
  const [step = "", output, ...path] = rest;
  if (root !== "steps" || output !== "output") return { text, step: "", path: [] };
  return { text, step, path };
}

function valueOf({ text, step, path }: Reference, { input, inputLabel, outputs }: Scope): FilledPiece {
  if (step === undefined) return { value: follow(input, path, text), label: inputLabel };
  const output = outputs.get(step);
  if (output === undefined) throw new RangeError(`${text} refers to a step that has no output`);
  const { label } = output;
  if (path.length === 0) return { value: output.text, label };
  const parsed = parseJson(output.text);
  if (!parsed.ok) throw new RangeError(`${text} looks into an output that is not JSON`);
  return { value: follow(parsed.value, path, text), label };
}

function follow(value: Json, path: readonly string[], text: string): Json {
  let found: Json | undefined = value;
  for (const name of path) {
    if (Array.isArray(found)) found = /^\d{1,9}$/u.test(name) ? found[Number(name)] : undefined;
    else found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
    if (found === undefined) throw new RangeError(`${text} leads to nothing`);
  }
  return found;
}
