import { isAbsolute, join, relative } from "node:path/posix";

import type { ReadResourceResult } from "@modelcontextprotocol/server";
import { isTauError, TauError } from "@tau/core";
import type { CallContext } from "@tau/core";
import { collectCommand, createToolRegistry, defineTool, textOutput } from "@tau/tools";
import type { Access, Environment, Tool, ToolRegistry } from "@tau/tools";

import type { McpServer } from "./create-mcp-server.ts";
import { audited } from "./offer-tools.ts";
import type { OfferToolsOptions, Outcome } from "./offer-tools.ts";

interface PathInput {
  readonly path: string;
}

interface WriteInput extends PathInput {
  readonly content: string;
}

const pathSchema = {
  type: "string",
  minLength: 1,
  description: "Absolute, or relative to the workspace.",
} as const;
const onlyPath = {
  type: "object",
  properties: { path: pathSchema },
  required: ["path"],
  additionalProperties: false,
};
const timeoutMs = 30_000;
const maxBytes = 1_000_000;

/**
 * The tools of the built-in file server: file_read, file_write, file_delete, dir_create and dir_list. They act in the
 * environment of the call, which resolves links and enforces the profile.
 */
export function createFileTools(): ToolRegistry {
  const readAt = ({ path }: PathInput, workspace: string): readonly Access[] => [
    { kind: "read", path: absolute(workspace, path) },
  ];
  const writeAt = ({ path }: PathInput, workspace: string): readonly Access[] => [
    { kind: "write", path: absolute(workspace, path) },
  ];
  const tools: readonly Tool[] = [
    defineTool<PathInput>({
      name: "file_read",
      description: "Reads a text file.",
      input: onlyPath,
      sideEffect: "pure",
      access: readAt,
      execute: async ({ path }, { environment, signal }) => await readText(environment, path, signal),
    }),
    defineTool<WriteInput>({
      name: "file_write",
      description: "Writes a whole text file, making missing folders.",
      input: {
        type: "object",
        properties: { path: pathSchema, content: { type: "string", maxLength: maxBytes } },
        required: ["path", "content"],
        additionalProperties: false,
      },
      sideEffect: "irreversible",
      access: writeAt,
      async execute({ path, content }, { environment, signal }) {
        await environment.writeFile(
          await placeIn(environment, path, signal),
          Buffer.from(content),
          {},
          signal,
        );
        return textOutput("Written.");
      },
    }),
    defineTool<PathInput>({
      name: "file_delete",
      description: "Deletes a file. Folders stay.",
      input: onlyPath,
      sideEffect: "irreversible",
      access: writeAt,
      async execute({ path }, { environment, signal }) {
        await run(environment, ["rm", "--", await placeIn(environment, path, signal)], signal);
        return textOutput("Deleted.");
      },
    }),
    defineTool<PathInput>({
      name: "dir_create",
      description: "Makes a folder and those above it; one that is there already stays as it is.",
      input: onlyPath,
      sideEffect: "idempotent",
      access: writeAt,
      async execute({ path }, { environment, signal }) {
        await run(environment, ["mkdir", "-p", "--", await placeIn(environment, path, signal)], signal);
        return textOutput("Made.");
      },
    }),
    defineTool<PathInput>({
      name: "dir_list",
      description: "Lists a folder, one name a line; folders end with /.",
      input: onlyPath,
      sideEffect: "pure",
      access: readAt,
      execute: async ({ path }, { environment, signal }) =>
        textOutput(
          await run(environment, ["ls", "-1Ap", "--", await placeIn(environment, path, signal)], signal),
        ),
    }),
  ];
  return createToolRegistry({ tools });
}

/** Offers the files of the workspace as resources, `file:///workspace/path`, under the same rules as file_read. */
export function offerFiles(server: McpServer, options: OfferToolsOptions): void {
  const tools = createFileTools();
  server.addResourceTemplate({
    definition: {
      uriTemplate: "file:///{+path}",
      name: "file",
      description: "A file of the workspace, by its absolute path.",
    },
    async read(uri, { path = "" }, { call }) {
      const said = await audited(
        { tool: "file_read", call },
        options,
        async () => await readResource({ uri, path: `/${path}` }, call, { ...options, tools }),
      );
      if (isTauError(said)) throw said;
      return said;
    },
  });
}

/** Decided on as a call of file_read is: links and spellings of a path lead past no rule. */
async function readResource(
  { uri, path }: { readonly uri: string; readonly path: string },
  call: CallContext,
  { tools, openEnvironment, policyFor }: OfferToolsOptions,
): Promise<Outcome<ReadResourceResult | TauError>> {
  const { signal } = call;
  const environment = await openEnvironment(call);
  try {
    const asked = {
      type: "tool_call",
      id: uri,
      name: "file_read",
      arguments: JSON.stringify({ path }),
    } as const;
    const prepared = await tools.prepare(asked, { environment, signal, call });
    if (!prepared.ok) throw new TauError("mcp.unsupported", "The address names no file.");
    const { tool, access } = prepared;
    const { workspace } = environment.info.profile;
    const { decision, reason, rule } = policyFor(environment.info, call).decide({ tool, access, workspace });
    if (decision !== "allow") {
      const result = new TauError("mcp.unsupported", `The file is not shown. ${reason}`);
      return { result, outcome: "denied", reason: rule ?? reason };
    }
    const data = await readFile(environment, path, signal);
    const text = textIn(data);
    const content =
      text === undefined
        ? { uri, mimeType: "application/octet-stream", blob: Buffer.from(data).toString("base64") }
        : { uri, mimeType: "text/plain", text };
    return { result: { contents: [content] }, outcome: "answered", reason: "" };
  } finally {
    await environment[Symbol.asyncDispose]?.();
  }
}

async function readText(environment: Environment, path: string, signal: AbortSignal): Promise<string> {
  const text = textIn(await readFile(environment, path, signal));
  if (text !== undefined) return text;
  const uri = `file://${encodeURI(absolute(environment.info.profile.workspace, path))}`;
  throw new TauError("mcp.unsupported", `The file is not text. Read it as the resource ${uri}.`);
}

/** Text in UTF-8; undefined for anything else, which would come out as nonsense that nobody can undo. */
function textIn(data: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

async function readFile(environment: Environment, path: string, signal: AbortSignal): Promise<Uint8Array> {
  const place = await placeIn(environment, path, signal);
  const { size } = await environment.stat(place, signal);
  if (size > maxBytes)
    throw new TauError("mcp.too_large", `The file has ${size} bytes; at most ${maxBytes} are read at once.`);
  return await environment.readFile(place, signal);
}

/**
 * A path below the workspace, also when links are followed: the server offers that folder and no other, whatever the
 * profile lets read.
 */
async function placeIn(environment: Environment, path: string, signal: AbortSignal): Promise<string> {
  const { workspace } = environment.info.profile;
  const place = absolute(workspace, path);
  if (!isBelow(workspace, place) || !isBelow(workspace, await environment.realPath(place, signal)))
    throw new TauError(
      "mcp.unsupported",
      `${JSON.stringify(path.slice(0, 200))} is outside of the workspace.`,
    );
  return place;
}

function isBelow(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below !== ".." && !below.startsWith("../") && !isAbsolute(below);
}

function absolute(workspace: string, path: string): string {
  return isAbsolute(path) ? join(path) : join(workspace, path);
}

async function run(
  environment: Environment,
  argv: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string> {
  const { exitCode, stdout, stderr } = await collectCommand(environment, { argv, timeoutMs }, signal);
  if (exitCode === 0) return stdout;
  throw new TauError("mcp.call_failed", `${argv[0]} failed: ${stderr.trim().slice(0, 500)}`);
}
