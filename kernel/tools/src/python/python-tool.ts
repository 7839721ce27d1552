import { randomUUID } from "node:crypto";
import { extname } from "node:path/posix";

import { isJsonObject, isTauError, parseJson, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { Artifact } from "../artifact-store.ts";
import { collectCommand } from "../collect-command.ts";
import { defineTool } from "../define-tool.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { pythonRunner } from "./python-runner.ts";

/** Options of {@link createPythonTool}. */
export interface PythonToolOptions {
  /** The program, looked up on the environment's PATH unless absolute. Default `python3`. */
  readonly pythonPath?: string;
  /** Milliseconds of one script. Default 120,000. */
  readonly timeoutMs?: number;
  /** Bytes of all files that a script leaves. Default 2 MB. */
  readonly maxFileBytes?: number;
}

interface PythonInput {
  readonly code: string;
  readonly state?: string;
}

/** What the runner says at the end. */
interface PythonEnd {
  readonly failed: boolean;
  readonly files: readonly { readonly name: string; readonly data: string }[];
  readonly filesCut?: boolean;
  readonly state?: Json;
  readonly problem?: string;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
  ".csv": "text/csv; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".html": "text/html; charset=utf-8",
};

/**
 * Makes the tool that runs Python in the environment: isolated (`-I`: no user site, no variables, not the current folder
 * in the path), without writing byte code, the script on standard input. What it may touch is the environment's to say.
 */
export function createPythonTool(options: PythonToolOptions = {}): Tool<PythonInput> {
  const { pythonPath = "python3", timeoutMs = 120_000, maxFileBytes = 2_000_000 } = options;
  return defineTool<PythonInput>({
    name: "python",
    description:
      "Runs a Python script and answers what it prints. Each script starts afresh, in the workspace. Files that it writes below the folder OUT, and matplotlib figures, become artifacts. To go on from an earlier script, put what you need into the dict `state` (JSON values) and pass that call's state artifact.",
    input: {
      type: "object",
      properties: {
        code: { type: "string", minLength: 1, maxLength: 200_000 },
        state: {
          type: "string",
          pattern: "^artifact:[0-9a-f]{12,64}$",
          description: "Of an earlier script.",
        },
      },
      required: ["code"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    timeoutMs: timeoutMs + 5_000,
    actsByCommands: () => true,
    access: (_input, workspace) => [{ kind: "command", source: `${pythonPath} -I -B -`, cwd: workspace }],
    execute: async ({ code, state }, context) => {
      const marker = `tau-python-${randomUUID()} `;
      const job = JSON.stringify({ code, marker, maxFileBytes, state: await readState(state, context) });
      const argv = [pythonPath, "-I", "-B", "-c", pythonRunner] as const;
      const { stdout, stderr, exitCode, timedOut } = await run([...argv], { job, timeoutMs }, context);
      if (timedOut) {
        throw new TauError("tool.timeout", `The script took longer than ${timeoutMs} ms and was stopped.`);
      }
      const at = stdout.lastIndexOf(`\n${marker}`);
      const end = at === -1 ? undefined : readEnd(stdout.slice(at + marker.length + 1));
      const said = (at === -1 ? stdout : stdout.slice(0, at)).trimEnd();
      const text = [said, stderr.trimEnd()].filter((part) => part !== "").join("\n");
      if (end === undefined)
        return textOutput(`${text}\n[Python ended with exit code ${exitCode}.]`.trimStart(), {
          isError: true,
        });
      return await toOutput(text, end, context);
    },
  });
}

async function run(
  argv: [string, ...string[]],
  { job, timeoutMs }: { readonly job: string; readonly timeoutMs: number },
  { environment, signal, progress }: ToolContext,
): ReturnType<typeof collectCommand> {
  try {
    const onOutput = (chunk: Uint8Array): void => progress(Buffer.from(chunk).toString());
    return await collectCommand(environment, { argv, stdin: job, timeoutMs, onOutput }, signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "environment.failed") throw error;
    throw new TauError(
      "python.unavailable",
      `${argv[0]} could not be started here. Whoever runs Tau can install Python, or use the one of @tau/python.`,
      { cause: error },
    );
  }
}

async function readState(id: string | undefined, { artifacts }: ToolContext): Promise<JsonObject> {
  if (id === undefined) return {};
  const parsed = parseJson(Buffer.from(await artifacts.read(id)).toString());
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new TauError("tool.invalid_arguments", `state: ${id} is not the state of a script.`);
}

/** The script runs in the same process as the runner: what it says at the end is looked at before it is believed. */
function readEnd(text: string): PythonEnd | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { failed, files, filesCut, state, problem } = parsed.value;
  const listed: readonly unknown[] = Array.isArray(files) ? files : [];
  return {
    failed: failed === true,
    files: listed.filter(isFile),
    filesCut: filesCut === true,
    ...(state === undefined ? {} : { state }),
    ...(typeof problem === "string" ? { problem } : {}),
  };
}

function isFile(value: unknown): value is PythonEnd["files"][number] {
  return isJsonObject(value) && typeof value["name"] === "string" && typeof value["data"] === "string";
}

async function toOutput(text: string, end: PythonEnd, { artifacts }: ToolContext): Promise<ToolOutput> {
  const saved: Artifact[] = [];
  for (const { name, data } of end.files) {
    const type = mediaTypes[extname(name).toLowerCase()] ?? "application/octet-stream";
    saved.push(await artifacts.save(name.slice(0, 100), type, Buffer.from(data, "base64")));
  }
  const lines = saved.map(({ id, name, size }) => `[${name}, ${size} bytes, is ${id}.]`);
  if (end.filesCut === true) lines.push("[There were more files, too large to keep.]");
  if (isJsonObject(end.state) && Object.keys(end.state).length > 0) {
    const kept = await artifacts.save("state", "application/json", Buffer.from(JSON.stringify(end.state)));
    lines.push(`[The state is ${kept.id}.]`);
  }
  if (end.problem !== undefined)
    lines.push(`[Files or state could not be kept: ${end.problem.slice(0, 300)}]`);
  const whole = [text, ...lines].filter((part) => part !== "").join("\n");
  return textOutput(whole === "" ? "Done; nothing was printed." : whole, {
    isError: end.failed,
    details: { artifacts: saved.map(({ id, name, mediaType, size }) => ({ id, name, mediaType, size })) },
  });
}
