import { extname } from "node:path/posix";

import { isJsonObject, parseJson, TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Tool, ToolContext, ToolOutput } from "@tau/tools";

import { runPyodide } from "./run-pyodide.ts";

/** Options of {@link createPyodideTool}. */
export interface PyodideToolOptions {
  /** Milliseconds of one script, starting Python included. Default 120,000. */
  readonly timeoutMs?: number;
  /** Bytes of everything that Python holds. Default 512 MB. */
  readonly memoryBytes?: number;
  /** Bytes of all files that a script leaves. Default 2 MB. */
  readonly maxFileBytes?: number;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".csv": "text/csv; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * Makes a tool like `createPythonTool` of `@tau/tools`, for machines without CPython or without a jail: Python compiled to
 * WebAssembly, in a process that has no files, network or secrets to give to it. So it only computes, and is pure.
 */
export function createPyodideTool(options: PyodideToolOptions = {}): Tool<{ code: string; state?: string }> {
  const { timeoutMs = 120_000, memoryBytes = 512 * 2 ** 20, maxFileBytes = 2_000_000 } = options;
  return defineTool<{ code: string; state?: string }>({
    name: "python",
    description:
      "Runs a Python script and answers what it prints. It has the standard library and no files of the workspace, network or processes: put the data into the script. Each script starts afresh. Files that it writes below the folder OUT become artifacts. To go on from an earlier script, put what you need into the dict `state` (JSON values) and pass that call's state artifact.",
    input: {
      type: "object",
      properties: {
        code: { type: "string", minLength: 1, maxLength: 1_000_000 },
        state: {
          type: "string",
          pattern: "^artifact:[0-9a-f]{12,64}$",
          description: "Of an earlier script.",
        },
      },
      required: ["code"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs,
    execute: async ({ code, state }, context) => {
      const given = await readState(state, context);
      const job = { code, state: given, memoryBytes, maxFileBytes };
      return await toOutput(await runPyodide(job, context.signal), context);
    },
  });
}

async function readState(id: string | undefined, { artifacts }: ToolContext): Promise<JsonObject> {
  if (id === undefined) return {};
  const parsed = parseJson(Buffer.from(await artifacts.read(id)).toString());
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new TauError("tool.invalid_arguments", `state: ${id} is not the state of a script.`);
}

async function toOutput(end: JsonObject, { artifacts }: ToolContext): Promise<ToolOutput> {
  const { printed, files, filesCut, state, problem, failed } = end;
  const lines: string[] = typeof printed === "string" && printed !== "" ? [printed.trimEnd()] : [];
  const listed: readonly unknown[] = Array.isArray(files) ? files : [];
  for (const file of listed) {
    if (!isJsonObject(file) || typeof file["name"] !== "string" || typeof file["data"] !== "string") continue;
    const type = mediaTypes[extname(file["name"]).toLowerCase()] ?? "application/octet-stream";
    const saved = await artifacts.save(file["name"].slice(0, 100), type, Buffer.from(file["data"], "base64"));
    lines.push(`[${saved.name}, ${saved.size} bytes, is ${saved.id}.]`);
  }
  if (filesCut === true) lines.push("[There were more files, too large to keep.]");
  if (isJsonObject(state) && Object.keys(state).length > 0) {
    const kept = await artifacts.save("state", "application/json", Buffer.from(JSON.stringify(state)));
    lines.push(`[The state is ${kept.id}.]`);
  }
  if (typeof problem === "string")
    lines.push(`[Something could not be kept or run: ${problem.slice(0, 300)}]`);
  return textOutput(lines.join("\n") || "Done; nothing was printed.", { isError: failed === true });
}
