import { setTimeout } from "node:timers/promises";

import type { CallToolResult, Client, RequestOptions } from "@modelcontextprotocol/client";

import { loadSdk } from "./sdk.ts";

const shortestPollMs = 50;
const longestPollMs = 5_000;
/** A server need not say that it has cancelled a task. */
const longestGoodbyeMs = 1_000;
/** How long the server keeps the result for us. */
const keepMs = 600_000;

/**
 * Runs a tool as a task of revision 2025-11-25: starts it, asks until it has an end, and takes its result. Questions
 * to the person come in between by themselves. Whoever gives up has the task cancelled at the server.
 */
export async function runTask(
  client: Client,
  params: { readonly name: string; readonly arguments: object },
  options: RequestOptions & { readonly signal: AbortSignal },
): Promise<CallToolResult> {
  const { specTypeSchemas } = await loadSdk();
  const { CreateTaskResult, GetTaskResult, CallToolResult: ToolResult, CancelTaskResult } = specTypeSchemas;
  const { signal, onprogress: _, ...rest } = options;
  const call = { method: "tools/call", params: { ...params, task: { ttl: keepMs } } };
  let { task } = await client.request(call, CreateTaskResult, { ...rest, signal });
  const { taskId } = task;
  try {
    while (task.status === "working") {
      const pollMs = Math.min(Math.max(task.pollInterval ?? 1_000, shortestPollMs), longestPollMs);
      await setTimeout(pollMs, undefined, { signal });
      task = await client.request({ method: "tasks/get", params: { taskId } }, GetTaskResult, {
        ...rest,
        signal,
      });
    }
    // A task that wants input asks for it while its result is being waited for; one that failed says how.
    return await client.request({ method: "tasks/result", params: { taskId } }, ToolResult, {
      ...rest,
      signal,
    });
  } catch (error) {
    if (signal.aborted)
      await client
        .request({ method: "tasks/cancel", params: { taskId } }, CancelTaskResult, {
          ...rest,
          signal: AbortSignal.timeout(longestGoodbyeMs),
        })
        .catch(() => undefined);
    throw error;
  }
}
