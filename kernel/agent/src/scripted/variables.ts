import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { invalidField } from "./check.ts";
import type { Transcript, TranscriptTurn } from "./transcript.ts";

/** Values of the `{{name}}` placeholders. */
export type Variables = Readonly<Record<string, string>>;

const placeholder = /\{\{\s*([A-Za-z]\w*)\s*\}\}/g;

/**
 * Replaces the placeholders in texts, thinking, arguments and expectations.
 *
 * @throws TauError `transcript.invalid` when a variable is not given
 */
export function withVariables(transcript: Transcript, variables: Variables): Transcript {
  const { turns, conversations } = transcript;
  return {
    ...transcript,
    ...(turns === undefined
      ? {}
      : { turns: turns.map((turn, index) => fillTurn(turn, variables, `.turns[${index}]`)) }),
    ...(conversations === undefined
      ? {}
      : {
          conversations: conversations.map((conversation, number) => ({
            ...conversation,
            turns: conversation.turns.map((turn, index) =>
              fillTurn(turn, variables, `.conversations[${number}].turns[${index}]`),
            ),
          })),
        }),
  };
}

function fillTurn(turn: TranscriptTurn, variables: Variables, path: string): TranscriptTurn {
  const { text, thinking, toolCalls, expect } = turn;
  return {
    ...turn,
    ...(text === undefined ? {} : { text: fillText(text, variables, `${path}.text`) }),
    ...(thinking === undefined ? {} : { thinking: fillText(thinking, variables, `${path}.thinking`) }),
    ...(expect?.lastToolResultContains === undefined
      ? {}
      : {
          expect: {
            ...expect,
            lastToolResultContains: fillText(expect.lastToolResultContains, variables, `${path}.expect`),
          },
        }),
    ...(toolCalls === undefined
      ? {}
      : {
          toolCalls: toolCalls.map((call, index) => ({
            ...call,
            arguments: fillArguments(call.arguments, variables, `${path}.toolCalls[${index}].arguments`),
          })),
        }),
  };
}

/** In the raw text of arguments a value is written as it stands inside a JSON string. */
function fillArguments(value: JsonObject | string, variables: Variables, path: string): JsonObject | string {
  if (typeof value !== "string") return fillObject(value, variables, path);
  const escaped = Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [name, JSON.stringify(text).slice(1, -1)]),
  );
  return fillText(value, escaped, path);
}

function fillObject(value: JsonObject, variables: Variables, path: string): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, fillJson(field, variables, `${path}.${name}`)]),
  );
}

function fillJson(value: Json, variables: Variables, path: string): Json {
  if (typeof value === "string") return fillText(value, variables, path);
  if (isJsonObject(value)) return fillObject(value, variables, path);
  return Array.isArray(value)
    ? value.map((element, index) => fillJson(element, variables, `${path}[${index}]`))
    : value;
}

function fillText(text: string, variables: Variables, path: string): string {
  return text.replaceAll(placeholder, (_match, name: string) => {
    const value = variables[name];
    if (value === undefined)
      throw invalidField(path, `uses the variable {{${name}}}, which the server was not given`);
    return value;
  });
}
