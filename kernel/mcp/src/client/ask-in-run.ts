import { untrusted } from "@tau/core";
import type { Json, PersonQuestion } from "@tau/core";
import type { PersonReply, ToolContext } from "@tau/tools";

import type { AskPerson, PersonAnswer, PersonRequest } from "./ask-person.ts";
import { showHidden } from "../pins/show-hidden.ts";
import { formFields } from "./form-fields.ts";
import type { FormField } from "./form-fields.ts";

/** The answer that leaves a field of a form out. */
const leaveOut = "(leave out)";
/** How often a field is asked for before the form is given up. */
const maxTries = 5;
/** What a server may say of each thing: it is kept in the session. */
const maxChars = 2_000;

/**
 * Makes an {@link AskPerson} whose questions are those of the run: each is in the session's log, and is answered in words
 * from any process, or through a server, as what the model asks is. A form is one question for each field; whoever does not
 * want to answer one declines the form. Outside of a tool's call there is nobody to ask.
 */
export function askInRun(): AskPerson {
  return async (request, { signal, ask }) => {
    if (ask === undefined) return { action: "cancel" };
    const put = async (text: string, options: readonly string[]): Promise<PersonReply> =>
      await ask(questionOf(request, text, options), signal);
    return request.kind === "url" ? await askToVisit(request, put) : await askForm(request, put);
  };
}

type Put = (text: string, options: readonly string[]) => Promise<PersonReply>;

function questionOf(
  { server, message }: PersonRequest,
  text: string,
  options: readonly string[],
): Parameters<NonNullable<ToolContext["ask"]>>[0] {
  const intro = `The MCP server "${server}" asks: ${showHidden(message.slice(0, maxChars))}`;
  const question: PersonQuestion = {
    text: `${intro}\n${showHidden(text.slice(0, maxChars))}`,
    ...(options.length === 0 ? {} : { options }),
  };
  return { reason: "question", summary: intro, question, label: untrusted(`mcp:${server}`) };
}

async function askToVisit({ url }: Extract<PersonRequest, { kind: "url" }>, put: Put): Promise<PersonAnswer> {
  const said = await put(`Open ${url} yourself, and say when it is done.`, ["done", "no"]);
  if (said.answer !== "answer") return refusal(said);
  return { action: /^(?:done|y(?:es)?)$/iu.test((said.note ?? "").trim()) ? "accept" : "decline" };
}

async function askForm(
  { schema }: Extract<PersonRequest, { kind: "form" }>,
  put: Put,
): Promise<PersonAnswer> {
  const fields = formFields(schema);
  if (fields.length === 0) {
    const said = await put("Do you agree?", ["yes", "no"]);
    if (said.answer !== "answer") return refusal(said);
    return /^y(?:es)?$/iu.test((said.note ?? "").trim())
      ? { action: "accept", content: {} }
      : { action: "decline" };
  }
  const content: Record<string, Json> = {};
  for (const [index, field] of fields.entries()) {
    const place = fields.length === 1 ? "" : `${index + 1} of ${fields.length}: `;
    const value = await askField(field, place, put);
    if ("action" in value) return value;
    if (value.given !== undefined) content[field.name] = value.given;
  }
  return { action: "accept", content };
}

async function askField(
  field: FormField,
  place: string,
  put: Put,
): Promise<PersonAnswer | { readonly given: Json | undefined }> {
  const options = [...field.choices, ...(field.isRequired ? [] : [leaveOut])];
  const text = `${place}${field.label}. Never give secrets.`;
  for (let tries = 0; tries < maxTries; tries++) {
    const said = await put(tries === 0 ? text : `That is no answer to this. ${text}`, options);
    if (said.answer !== "answer") return refusal(said);
    const words = (said.note ?? "").trim();
    if (words === leaveOut && !field.isRequired) return { given: undefined };
    const given = field.read(words);
    if (given !== undefined) return { given };
  }
  return { action: "cancel" };
}

/** Nobody in time has decided nothing; a person who does not answer has declined. */
function refusal({ by }: PersonReply): PersonAnswer {
  return { action: by === "system" ? "cancel" : "decline" };
}
