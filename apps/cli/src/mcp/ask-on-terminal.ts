import type { Json, JsonObject } from "@tau/core";
import type { AskPerson, FormField, PersonAnswer, PersonRequest } from "@tau/mcp";

import { askLine } from "../ask-line.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { inTurn } from "../terminal-turn.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Asks on the terminal what an MCP server wants to know, one question after the other. All words are the server's, shown with
 * everything that has no shape written out. Anything but a clear yes declines; the end of input cancels.
 */
export function askOnTerminal(terminal: Terminal): AskPerson {
  return async (request, { signal }) =>
    await inTurn(terminal, signal, async () => await askOne(request, terminal, signal));
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
  // Not loaded before a server asks.
  const { formFields } = await import("@tau/mcp");
  const content: Record<string, Json> = {};
  for (const field of formFields(schema)) {
    const value = await askField(field, terminal, signal);
    if (value === "end") return { action: "cancel" };
    if (value !== undefined) content[field.name] = value.value;
  }
  return { action: "accept", content };
}

/** The value of a field; undefined when it is left out, as its default. */
async function askField(
  { label, isRequired, read }: FormField,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<{ readonly value: Json } | "end" | undefined> {
  const prompt = `    ${visible(label).replaceAll("\n", " ")}: `;
  for (;;) {
    const said = await askLine(terminal, createStyle(terminal)("bold", prompt), signal);
    if (said === undefined) return "end";
    const isEmpty = said.trim() === "";
    if (isEmpty && !isRequired) return undefined;
    const value = isEmpty ? undefined : read(said.trim());
    if (value !== undefined) return { value };
    writeLine(terminal, `    That is no answer to this question.`);
  }
}
