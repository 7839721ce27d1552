import type { CallToolResult, Client, Progress, Tool as SdkTool } from "@modelcontextprotocol/client";
import { canonicalJson, isJsonObject, untrusted } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type { ToolOutput } from "@tau/tools";

import type { PinnedDefinition } from "../pins/mcp-lock.ts";
import { showHidden } from "../pins/show-hidden.ts";
import { toPersonRequest } from "./answer-server.ts";
import { readFailure } from "./mcp-error.ts";
import type { PersonRequest } from "./ask-person.ts";
import { loadSdk } from "./sdk.ts";
import { runExtensionTask } from "./run-extension-task.ts";
import type { AnswerInput } from "./run-extension-task.ts";
import { runTask } from "./run-task.ts";
import type { TaskResults } from "./task-results.ts";
import { toContent } from "./to-content.ts";
import { toJson } from "./to-json.ts";

/** One call of a server's tool. */
export interface ToolRequest {
  readonly server: string;
  readonly tool: PinnedDefinition;
  readonly input: JsonObject;
  readonly timeoutMs: number;
  readonly logLevel?: string;
  readonly signal: AbortSignal;
  progress(text: string): void;
  /** Finds the task with which the server answered in place of a result. */
  readonly tasks: TaskResults;
  /** Answers what such a task asks. */
  readonly answerInput: AnswerInput;
  /** Has the person visit an address that the server needs visited first; tells whether they did. */
  visit?(request: PersonRequest): Promise<boolean>;
}

const urlElicitationRequired = -32_042;
/** Addresses that one call may have the person visit. */
const maxVisits = 5;

/**
 * Calls a tool. An error that the server answers is an error result: its words may help the model, and are data like
 * everything else that it says.
 */
export async function callServerTool(client: Client, request: ToolRequest): Promise<ToolOutput> {
  try {
    return toOutput(request, await send(client, request));
  } catch (error) {
    const { code } = readFailure(error);
    if (!(error instanceof Error) || error.name !== "ProtocolError" || typeof code !== "number") throw error;
    if (code === urlElicitationRequired && (await visitAll(error, request)))
      return toOutput(request, await send(client, request));
    const text = `mcp.call_failed: the server answered with error ${code}: ${error.message}`;
    return { content: [{ type: "text", text }], isError: true, label: untrusted(`mcp:${request.server}`) };
  }
}

async function send(client: Client, request: ToolRequest): Promise<CallToolResult> {
  const { tool, input, timeoutMs, signal, progress, logLevel } = request;
  const { LOG_LEVEL_META_KEY } = await loadSdk();
  const isModern = client.getProtocolEra() === "modern";
  const hasLevel = isModern && logLevel !== undefined;
  const params = {
    name: tool.name,
    arguments: input,
    ...(hasLevel ? { _meta: { [LOG_LEVEL_META_KEY]: logLevel } } : {}),
  };
  const options = {
    signal,
    timeout: timeoutMs,
    onprogress: (report: Progress) => {
      progress(describeProgress(report));
    },
  };
  if (!isModern && needsTask(client, tool)) return await runTask(client, params, options);
  const result = await client.callTool(params, { ...options, toolDefinition: withoutOutput(tool) });
  const task = request.tasks.take(result);
  if (task === undefined) return result;
  return await runExtensionTask(client, {
    task,
    server: request.server,
    answer: request.answerInput,
    options,
  });
}

const maxProgressChars = 200;

function describeProgress({ progress, total, message }: Progress): string {
  const share = total === undefined ? `${progress}` : `${progress}/${total}`;
  return showHidden(message === undefined ? share : `${share} ${message}`.slice(0, maxProgressChars));
}

/** Whether the tool runs only as a task, which is asked for again and again until it is done. */
function needsTask(client: Client, { body }: PinnedDefinition): boolean {
  const { execution } = body;
  const canTask = client.getServerCapabilities()?.tasks?.requests?.tools?.call !== undefined;
  return canTask && isJsonObject(execution) && execution["taskSupport"] === "required";
}

/** What was approved; the answer is compared with the output schema elsewhere, with a bound on the time it takes. */
function withoutOutput({ body }: PinnedDefinition): SdkTool {
  const { outputSchema: _, ...rest } = body;
  // The SDK listed it, and so checked it, before it was approved.
  const tool: SdkTool = JSON.parse(JSON.stringify(rest));
  return tool;
}

function toOutput({ server, tool }: ToolRequest, result: CallToolResult): ToolOutput {
  const value = toJson(result.structuredContent);
  const content = result.content.map(toContent);
  if (content.length === 0 && value !== undefined) content.push({ type: "text", text: canonicalJson(value) });
  return {
    content,
    label: untrusted(`mcp:${server}`),
    details: { server, tool: tool.name, definition: tool.sha256.slice(0, 12) },
    ...(result.isError === true ? { isError: true } : {}),
    ...(value === undefined ? {} : { value }),
  };
}

async function visitAll(error: Error, { server, visit }: ToolRequest): Promise<boolean> {
  const { UrlElicitationRequiredError } = await loadSdk();
  if (visit === undefined || !(error instanceof UrlElicitationRequiredError)) return false;
  const requests = error.elicitations.map((asked) => toPersonRequest(server, { ...asked, mode: "url" }));
  if (requests.length > maxVisits || requests.includes(undefined)) return false;
  for (const request of requests) if (request === undefined || !(await visit(request))) return false;
  return requests.length > 0;
}
