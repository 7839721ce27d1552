import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";
import type { AskPerson, PersonAnswer, PersonRequest } from "@tau/mcp";

import { askLine } from "../ask-line.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Asks on the terminal what an MCP server wants to know, one question after the other. All words are the server's, shown with
 * everything that has no shape written out. Anything but a clear yes declines; the end of input cancels.
 */
export function askOnTerminal(terminal: Terminal): AskPerson {
  let last: Promise<unknown> = Promise.resolve();
  return async (request, { signal }) => {
    const before = last;
    const mine = (async () => {
      await before.catch(() => undefined);
      return await askOne(request, terminal, signal);
    })();
    last = mine;
    return await mine;
  };
}

async function askOne(
  request: PersonRequest,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PersonAnswer> {
  const style = createStyle(terminal);
  writeLine(terminal, style("yellow", `    The MCP server "${visible(request.server)}" asks:`));
  writeLine(terminal, visible(request.message).replaceAll(/^/gmu, "      "));
  if (request.kind === "url") {
    writeLine(terminal, `      ${visible(request.url)}`);
    const said = await askLine(
      terminal,
      style("bold", "    Open it yourself. Done? [y]es or [n]o: "),
      signal,
    );
    return toAction(said);
  }
  const started = await askLine(
    terminal,
    style("bold", "    Answer it? Never give secrets. [y]es or [n]o: "),
    signal,
  );
  const action = toAction(started);
  return action.action === "accept" ? await askFields(request.schema, terminal, signal) : action;
}

function toAction(said: string | undefined): PersonAnswer {
  if (said === undefined) return { action: "cancel" };
  return { action: /^y(es)?$/iu.test(said.trim()) ? "accept" : "decline" };
}

async function askFields(schema: JsonObject, terminal: Terminal, signal: AbortSignal): Promise<PersonAnswer> {
  const { properties, required } = schema;
  const content: Record<string, Json> = {};
  for (const [name, field] of Object.entries(isJsonObject(properties) ? properties : {})) {
    const isRequired = Array.isArray(required) && required.includes(name);
    const value = await askField(name, isJsonObject(field) ? field : {}, { terminal, signal, isRequired });
    if (value === "end") return { action: "cancel" };
    if (value !== undefined) content[name] = value.value;
  }
  return { action: "accept", content };
}

interface FieldOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly isRequired: boolean;
}

/** The value of a field; undefined when it is left out, as its default. */
async function askField(
  name: string,
  field: JsonObject,
  { terminal, signal, isRequired }: FieldOptions,
): Promise<{ readonly value: Json } | "end" | undefined> {
  const { title, description, default: preset } = field;
  const choices = choicesOf(field);
  const hints = [
    ...(typeof description === "string" ? [description] : []),
    ...(choices.length === 0 ? [] : [`one of ${choices.join(", ")}`]),
    ...(preset === undefined ? [] : [`default ${JSON.stringify(preset)}`]),
  ];
  const label = `${typeof title === "string" ? title : name}${hints.length === 0 ? "" : ` (${hints.join("; ")})`}`;
  const prompt = `    ${visible(label).replaceAll("\n", " ")}: `;
  for (;;) {
    const said = await askLine(terminal, createStyle(terminal)("bold", prompt), signal);
    if (said === undefined) return "end";
    const isEmpty = said.trim() === "";
    if (isEmpty && (!isRequired || preset !== undefined)) return undefined;
    const value = isEmpty ? undefined : toValue(field, said.trim(), choices);
    if (value !== undefined) return { value };
    writeLine(terminal, `    That is no answer to this question.`);
  }
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
