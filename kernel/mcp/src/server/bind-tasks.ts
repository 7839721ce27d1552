import type { CallToolResult, Server, ServerContext } from "@modelcontextprotocol/server";
import { isJsonObject, isTauError } from "@tau/core";
import type { CallContext } from "@tau/core";

import { toJson } from "../client/to-json.ts";
import { tasksExtension } from "../client/task-results.ts";
import type { ServerSdk } from "./server-sdk.ts";
import { isUnderWay } from "./server-tasks.ts";
import type { ServerTask, ServerTasks } from "./server-tasks.ts";

/** Milliseconds between two looks of a client, as it is told. */
const pollMs = 1_000;

/** What the requests about tasks are answered with. */
export interface BindTasksOptions {
  readonly tasks: ServerTasks;
  readonly callOf: (context: ServerContext) => CallContext;
  /** Whether the client of a request says that it knows the extension. */
  readonly knowsTasks: (context: ServerContext) => boolean;
}

/**
 * Answers what clients ask of their tasks: in revision 2025-11-25 all of `tasks/*`, in 2026-07-28 what the extension has, to
 * clients that declare it.
 */
export function bindTasks(server: Server, sdk: ServerSdk, options: BindTasksOptions): void {
  const { tasks, callOf, knowsTasks } = options;
  const on = (method: string, revisions: Answers): void =>
    server.setRequestHandler(method, { params: anything }, async (params, context) => {
      const isModern = isModernRequest(context);
      const answer = isModern ? revisions.modern : revisions.legacy;
      if (answer === undefined)
        throw new sdk.ProtocolError(sdk.ProtocolErrorCode.MethodNotFound, "Method not found");
      if (isModern && !knowsTasks(context))
        throw new sdk.MissingRequiredClientCapabilityError({
          requiredCapabilities: { extensions: { [tasksExtension]: {} } },
        });
      const taskId: unknown = Object(params)["taskId"];
      return await answer(typeof taskId === "string" ? taskId : "", callOf(context), context);
    });
  const found = (task: ServerTask | undefined): ServerTask => {
    if (task !== undefined) return task;
    throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, "There is no such task.");
  };

  on("tasks/get", {
    legacy: async (id, call) => legacyTask(found(tasks.get(call, id))),
    modern: async (id, call) => detailedTask(found(tasks.get(call, id))),
  });
  on("tasks/list", {
    legacy: async (_, call) => ({ tasks: tasks.list(call).map(legacyTask) }),
  });
  on("tasks/result", {
    legacy: async (id, call) => {
      const { result, state } = found(await tasks.ended(call, id));
      const _meta = { "io.modelcontextprotocol/related-task": { taskId: id } };
      if (result !== undefined) return { ...result, _meta: { ...result._meta, ..._meta } };
      throw new sdk.ProtocolError(
        sdk.ProtocolErrorCode.InvalidRequest,
        `The task has no result: it ${ends[state]}.`,
      );
    },
  });
  on("tasks/cancel", {
    legacy: async (id, call) => {
      const { state } = found(tasks.get(call, id));
      if (!isUnderWay({ state }))
        throw new sdk.ProtocolError(
          sdk.ProtocolErrorCode.InvalidParams,
          `The task cannot be cancelled: it ${ends[state]}.`,
        );
      return legacyTask(found(tasks.cancel(call, id)));
    },
    modern: async (id, call) => {
      found(tasks.cancel(call, id));
      return {};
    },
  });
  on("tasks/update", {
    modern: async (id, call, { mcpReq }) => {
      // The SDK takes answers out of the params, of whatever request they come with.
      const responses = toJson(mcpReq.inputResponses);
      if (!isJsonObject(responses))
        throw new sdk.ProtocolError(
          sdk.ProtocolErrorCode.InvalidParams,
          "inputResponses must be an object with an answer for each question.",
        );
      found(tasks.update(call, id, responses));
      return {};
    },
  });
}

type Answer = (taskId: string, call: CallContext, context: ServerContext) => Promise<Record<string, unknown>>;

interface Answers {
  readonly legacy?: Answer;
  readonly modern?: Answer;
}

const ends: Readonly<Record<ServerTask["state"], string>> = {
  working: "goes on",
  input_required: "waits for an answer",
  completed: "has ended",
  failed: "has failed",
  cancelled: "was cancelled",
};

/** Requests of revision 2026-07-28 say by themselves who sends them. */
export function isModernRequest({ mcpReq }: ServerContext): boolean {
  return mcpReq.envelope !== undefined;
}

/** For how long the client of revision 2025-11-25 wants a task kept, in milliseconds; undefined: it wants none. */
export function wantedTask(params: object): { readonly ttlMs: number | undefined } | undefined {
  const { task }: { readonly task?: unknown } = params;
  const json = toJson(task);
  if (!isJsonObject(json)) return undefined;
  const { ttl } = json;
  return { ttlMs: typeof ttl === "number" && Number.isSafeInteger(ttl) && ttl >= 0 ? ttl : undefined };
}

/** What a call is answered with in place of its result. */
export function toCreated(task: ServerTask, isModern: boolean): CallToolResult {
  // Results of calls are loose in both revisions; one of a task has no content.
  return isModern
    ? { content: [], ...modernTask(task), resultType: "task" }
    : { content: [], task: legacyTask(task) };
}

function dates({ createdAt, updatedAt }: ServerTask): {
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
} {
  return { createdAt: new Date(createdAt).toISOString(), lastUpdatedAt: new Date(updatedAt).toISOString() };
}

/** A call that ended with an error is a failed task there. */
function legacyTask(task: ServerTask): Record<string, unknown> {
  const status = task.result?.isError === true ? "failed" : task.state;
  return { taskId: task.taskId, status, ...dates(task), ttl: task.ttlMs, pollInterval: pollMs };
}

function modernTask(task: ServerTask): Record<string, unknown> {
  return {
    taskId: task.taskId,
    status: task.state,
    ...dates(task),
    ttlMs: task.ttlMs,
    pollIntervalMs: pollMs,
  };
}

function detailedTask(task: ServerTask): Record<string, unknown> {
  const { result, error, state, inputRequests } = task;
  const message = isTauError(error) ? error.message : "The tool failed; the server's log has the cause.";
  return {
    ...modernTask(task),
    ...(inputRequests === undefined ? {} : { inputRequests }),
    ...(result === undefined ? {} : { result: { resultType: "complete", ...result } }),
    ...(state === "failed" ? { error: { code: -32_603, message } } : {}),
  };
}

const anything = {
  "~standard": { version: 1 as const, vendor: "tau", validate: (value: unknown) => ({ value }) },
};
