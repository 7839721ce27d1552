import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** One thing that a form asks for. All words are the server's. */
export interface FormField {
  readonly name: string;
  /** What to ask, with the hints that the form gives: one line or more. */
  readonly label: string;
  /** The answers that there are; empty: any. */
  readonly choices: readonly string[];
  /** Whether it may not be left out. */
  readonly isRequired: boolean;
  /** Reads an answer; undefined for what does not fit. */
  read(said: string): Json | undefined;
}

/** Takes the form of an elicitation apart, in the order of its fields: texts, numbers, booleans and choices. */
export function formFields({ properties, required }: JsonObject): readonly FormField[] {
  return Object.entries(isJsonObject(properties) ? properties : {}).map(([name, value]) => {
    const field = isJsonObject(value) ? value : {};
    const { title, description, default: preset } = field;
    const choices = choicesOf(field);
    const hints = [
      ...(typeof description === "string" ? [description] : []),
      ...(choices.length === 0 ? [] : [`one of ${choices.join(", ")}`]),
      ...(preset === undefined ? [] : [`default ${JSON.stringify(preset)}`]),
    ];
    const called = typeof title === "string" ? title : name;
    return {
      name,
      label: `${called}${hints.length === 0 ? "" : ` (${hints.join("; ")})`}`,
      choices,
      isRequired: Array.isArray(required) && required.includes(name) && preset === undefined,
      read: (said) => toValue(field, said, choices),
    };
  });
}

function choicesOf(field: JsonObject): readonly string[] {
  const { items, oneOf, anyOf } = field;
  const list = field["enum"];
  const texts = (values: Json | undefined): readonly string[] =>
    Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  const titled = [oneOf, anyOf].flatMap((values) => (Array.isArray(values) ? values : []));
  const constants = titled.map((one) => (isJsonObject(one) ? (one["const"] ?? null) : null));
  return [...texts(list), ...texts(constants), ...(isJsonObject(items) ? choicesOf(items) : [])];
}

function toValue(field: JsonObject, said: string, choices: readonly string[]): Json | undefined {
  const type = field["type"];
  if (type === "array") {
    const chosen = said.split(",").map((one) => one.trim());
    return chosen.every((one) => choices.includes(one)) ? chosen : undefined;
  }
  if (choices.length > 0) return choices.includes(said) ? said : undefined;
  if (type === "boolean")
    return /^(?:y(?:es)?|true)$/iu.test(said) ? true : /^(?:no?|false)$/iu.test(said) ? false : undefined;
  if (type !== "number" && type !== "integer") return said;
  const number = Number(said);
  return Number.isFinite(number) && (type === "number" || Number.isSafeInteger(number)) ? number : undefined;
}
