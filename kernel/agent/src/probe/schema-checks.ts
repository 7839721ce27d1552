import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { ask, jsonModes, quoted, seen } from "./probe-check.ts";
import type { Judgement, ProbeCheck, ProbedAnswer } from "./probe-check.ts";
import { weatherTool } from "./tool-checks.ts";

/** What nobody would write who is not made to. */
const sealed = "k-19-zebra";

const outputSchema = {
  name: "receipt",
  schema: {
    type: "object",
    properties: { seal: { type: "string", enum: [sealed] }, count: { type: "integer" } },
    required: ["seal", "count"],
    additionalProperties: false,
  },
  strict: true,
} as const;

/** Answers in a shape. `protocol` is the wire protocol's name, for its JSON mode; without one it is left out. */
export function schemaChecks(protocol: string | undefined): readonly ProbeCheck[] {
  const mode = protocol === undefined ? undefined : jsonModes[protocol];
  return [
    ...(protocol === undefined || mode === undefined ? [] : [jsonModeCheck(protocol, mode)]),
    {
      name: "strict_schema",
      // The words ask for something else: only a provider that enforces the schema keeps to it.
      request: ask("Greet me in plain words. Do not write JSON.", { outputSchema }),
      judge: judgeShape,
    },
    {
      name: "tools_with_schema",
      request: ask("What is the weather in Rome? Use the tool before you answer.", {
        tools: [weatherTool],
        outputSchema,
      }),
      judge: ({ calls, text }) =>
        seen(calls.length > 0, "called the tool first", `forgot the tool and said ${quoted(text)}`),
    },
  ];
}

function jsonModeCheck(protocol: string, mode: JsonObject): ProbeCheck {
  return {
    name: "json_mode",
    request: ask("Describe a cat in one sentence, as JSON or not, as you like.", {
      providerOptions: { [protocol]: mode },
    }),
    judge: ({ text }) => {
      const parsed = parseJson(text);
      return seen(parsed.ok && isJsonObject(parsed.value), "answered in JSON", `said ${quoted(text)}`);
    },
  };
}

function judgeShape({ text }: ProbedAnswer): Judgement {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return { verdict: "no", detail: `said ${quoted(text)}` };
  const { seal, count, ...others } = parsed.value;
  const fits = seal === sealed && Number.isSafeInteger(count) && Object.keys(others).length === 0;
  return seen(fits, "kept to the schema against its words", `wrote JSON of another shape: ${quoted(text)}`);
}
