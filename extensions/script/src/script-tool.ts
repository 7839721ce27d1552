import { isJsonObject, parseJson, TauError } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool, ToolOutput } from "@tau/tools";

import type { ScriptEnd } from "./protocol.ts";
import { runScript } from "./run-script.ts";

/** Options of {@link createScriptTool}. */
export interface ScriptToolOptions {
  /** Calls of one script. Default 100. */
  readonly maxCalls?: number;
  /** Milliseconds of one script, the calls included. Default 300,000. */
  readonly timeoutMs?: number;
  /** Bytes of everything that the script holds. Default 64 MB. */
  readonly memoryBytes?: number;
  /** Characters of what it prints and returns that the model gets; the rest is an artifact. Default 20,000. */
  readonly maxOutputChars?: number;
}

/**
 * Makes the tool by which a model writes a small program that calls tools: what they answer stays in the program, and
 * the model gets what the program prints and returns.
 *
 * The program has an engine of its own (QuickJS, compiled to WebAssembly) and reaches nothing but tools; each call is
 * decided and ledgered as if the model had made it. By itself a script does nothing, so rules may allow it.
 */
export function createScriptTool(options: ScriptToolOptions = {}): Tool<{ code: string }> {
  const {
    maxCalls = 100,
    timeoutMs = 300_000,
    memoryBytes = 64 * 2 ** 20,
    maxOutputChars = 20_000,
  } = options;
  return defineTool<{ code: string }>({
    name: "run_script",
    description: `Runs JavaScript that calls tools: \`await tools.NAME({…})\` answers the tool's text, parsed when it is a JSON object or array, and throws ToolError when the tool fails. Use it for many calls, or when you need little of what they answer: only what you print(…) and return comes back to you. Top-level await and Promise.all work; there are no files, modules, network, timers, clock or random numbers. At most ${maxCalls} calls. Calls that a person must approve fail: make them directly.`,
    input: {
      type: "object",
      properties: {
        code: {
          type: "string",
          minLength: 1,
          maxLength: 100_000,
          description: "The body of an async function.",
        },
      },
      required: ["code"],
      additionalProperties: false,
    },
    sideEffect: "idempotent",
    timeoutMs,
    maxOutputChars,
    execute: async ({ code }, { callTool, signal }) => {
      if (callTool === undefined) {
        throw new TauError(
          "script.unavailable",
          "Scripts cannot call tools here: call the tools one by one. Whoever runs Tau uses the tool outside of its runtime.",
        );
      }
      let calls = 0;
      const call = async (name: string, text: string) => {
        calls += 1;
        if (calls > maxCalls) {
          throw new TauError(
            "script.too_many_calls",
            `The script was ended: it made ${maxCalls} calls, which is all that it may. What they did is done.`,
          );
        }
        const args = parseJson(text);
        if (!args.ok || !isJsonObject(args.value))
          return { text: `tool.invalid_arguments: ${name} takes an object.`, isError: true };
        const { content, isError } = await callTool(name, args.value, signal);
        return {
          text: content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n"),
          isError,
        };
      };
      return toOutput(await runScript({ code, memoryBytes, call }, signal), calls);
    },
  });
}

function toOutput({ value, printed, error }: ScriptEnd, calls: number): ToolOutput {
  const returned = value === undefined ? "" : value;
  const text = [printed.trimEnd(), returned].filter((part) => part !== "").join("\n");
  const details = { calls };
  if (error === undefined)
    return textOutput(text === "" ? "Done; nothing was printed or returned." : text, { details });
  const code = "script.failed";
  const before = text === "" ? "" : `\nBefore that it printed:\n${text}`;
  return textOutput(`${code}: ${error}${before}`, { details, isError: true });
}
