import { isJsonObject, parseJson } from "@tau/core";
import type { ToolDefinition } from "@tau/core";

import { ask, quoted, seen } from "./probe-check.ts";
import type { Judgement, ProbeCheck, ProbedAnswer } from "./probe-check.ts";

/** The tool that models are asked to call. Nothing runs it. */
export const weatherTool: ToolDefinition = {
  name: "get_weather",
  description: "Tells the weather in a city. Call it whenever somebody asks for the weather.",
  inputSchema: {
    type: "object",
    properties: { city: { type: "string", description: "The city's name." } },
    required: ["city"],
    additionalProperties: false,
  },
};

const tools = [weatherTool];

/** Calls of tools. */
export const toolChecks: readonly ProbeCheck[] = [
  {
    name: "tools",
    request: ask("What is the weather in Oslo? Use the tool.", { tools }),
    judge: judgeCall,
  },
  {
    name: "parallel_tools",
    request: ask("What is the weather in Oslo, and what in Lima? Use the tool for both at once.", { tools }),
    judge: judgeParallel,
  },
  {
    name: "forced_tools",
    request: ask("Say hello.", { tools, toolChoice: { name: weatherTool.name } }),
    judge: ({ calls, text }) =>
      seen(calls.length > 0, "called the tool that was demanded", `said ${quoted(text)} instead`),
  },
];

function judgeCall({ calls: [call], text }: ProbedAnswer): Judgement {
  if (call === undefined) return { verdict: "no", detail: `called nothing and said ${quoted(text)}` };
  const parsed = parseJson(call.arguments);
  const city = parsed.ok && isJsonObject(parsed.value) ? parsed.value["city"] : undefined;
  const made = `called ${quoted(call.name)} with ${quoted(call.arguments)}`;
  return seen(call.name === weatherTool.name && typeof city === "string", made, made);
}

function judgeParallel({ calls }: ProbedAnswer): Judgement {
  if (calls.length > 1) return { verdict: "yes", detail: `${calls.length} calls in one answer` };
  // One call at a time is no proof that it could not have been two.
  const detail = calls.length === 1 ? "called one at a time here" : "called nothing";
  return { verdict: "unknown", detail };
}
