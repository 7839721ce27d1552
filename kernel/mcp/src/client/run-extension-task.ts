import { setTimeout } from "node:timers/promises";

import type { CallToolResult, Client, RequestOptions } from "@modelcontextprotocol/client";
import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { loadSdk } from "./sdk.ts";
import { toJson } from "./to-json.ts";

const shortestPollMs = 50;
const longestPollMs = 5_000;
/** A server need not say that it has cancelled a task. */
const longestGoodbyeMs = 1_000;
/** Questions that one task may ask. */
const maxInputs = 100;

/** Answers what a server asks in the middle of a task, as it would be answered elsewhere; undefined for what is not. */
export type AnswerInput = (
  method: string,
  params: JsonObject,
  signal: AbortSignal,
) => Promise<JsonObject | undefined>;

/** What a task is carried through with. */
export interface ExtensionTask {
  /** The task as the server answered it. */
  readonly task: JsonObject;
  readonly server: string;
  readonly answer: AnswerInput;
  readonly options: RequestOptions & { readonly signal: AbortSignal };
}

/**
 * Carries a task of the extension of revision 2026-07-28 to its end: asks how far it is, answers what it asks, each question
 * once, and takes its result. Whoever gives up tells the server.
 *
 * @throws TauError `mcp.invalid_answer`
 */
export async function runExtensionTask(
  client: Client,
  { task, server, answer, options }: ExtensionTask,
): Promise<CallToolResult> {
  const { signal, onprogress: _, ...rest } = options;
  const taskId = task["taskId"];
  if (typeof taskId !== "string") throw broken(server, "it has no id");
  const ask = async (method: string, params: JsonObject, until?: AbortSignal): Promise<JsonObject> => {
    const request = { method, params: { taskId, ...params } };
    const limits = until === undefined ? rest : { ...rest, signal: until };
    const said = toJson(await client.request(request, anything, limits));
    if (!isJsonObject(said)) throw broken(server, "what it says of it is no object");
    return said;
  };
  const answered = new Set<string>();
  try {
    for (let now = task; ; now = await ask("tasks/get", {}, signal)) {
      const status = now["status"];
      if (status === "completed") return await resultOf(now["result"], server);
      if (status === "failed") return failure(now);
      if (status === "cancelled") throw broken(server, "the server cancelled it");
      if (status === "input_required") {
        const inputResponses = await answerAll(now["inputRequests"], { server, answer, answered, signal });
        if (Object.keys(inputResponses).length > 0) await ask("tasks/update", { inputResponses }, signal);
      } else if (status !== "working") throw broken(server, "it has a status that nobody knows");
      await setTimeout(pollMs(now), undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted)
      await ask("tasks/cancel", {}, AbortSignal.timeout(longestGoodbyeMs)).catch(() => undefined);
    throw error;
  }
}

function pollMs({ pollIntervalMs }: JsonObject): number {
  const wanted =
    typeof pollIntervalMs === "number" && Number.isFinite(pollIntervalMs) ? pollIntervalMs : 1_000;
  return Math.min(Math.max(wanted, shortestPollMs), longestPollMs);
}

interface Answering {
  readonly server: string;
  readonly answer: AnswerInput;
  readonly answered: Set<string>;
  readonly signal: AbortSignal;
}

/** A question is there until its answer has arrived: nobody is asked the same twice. */
async function answerAll(
  requests: Json | undefined,
  { server, answer, answered, signal }: Answering,
): Promise<JsonObject> {
  const responses: Record<string, Json> = {};
  for (const [key, request] of Object.entries(isJsonObject(requests) ? requests : {})) {
    if (answered.has(key)) continue;
    if (answered.size >= maxInputs) throw broken(server, `it asks more than ${maxInputs} questions`);
    answered.add(key);
    const { method, params } = isJsonObject(request) ? request : {};
    const said =
      typeof method === "string"
        ? await answer(method, isJsonObject(params) ? params : {}, signal)
        : undefined;
    if (said === undefined)
      throw broken(
        server,
        `it asks for ${JSON.stringify(method ?? null).slice(0, 80)}, which is not answered here`,
      );
    responses[key] = said;
  }
  return responses;
}

async function resultOf(result: Json | undefined, server: string): Promise<CallToolResult> {
  const { specTypeSchemas } = await loadSdk();
  const checked = specTypeSchemas.CallToolResult["~standard"].validate(result);
  if (checked.issues !== undefined) throw broken(server, "its result is none");
  return checked.value;
}

/** The error that ended the work: the server's words. */
function failure({ error, statusMessage }: JsonObject): CallToolResult {
  const { code, message } = isJsonObject(error) ? error : {};
  const words =
    typeof message === "string" ? message : typeof statusMessage === "string" ? statusMessage : "";
  const text = `mcp.call_failed: the server answered with error ${typeof code === "number" ? code : "?"}: ${words}`;
  return { content: [{ type: "text", text }], isError: true };
}

/** Lets an answer through as it came: it is looked at here. */
const anything = {
  "~standard": { version: 1 as const, vendor: "tau", validate: (value: unknown) => ({ value }) },
};

function broken(server: string, why: string): TauError {
  return new TauError(
    "mcp.invalid_answer",
    `The MCP server "${server}" answered with a task that came to nothing: ${why}. Find out whether it was carried out.`,
  );
}
