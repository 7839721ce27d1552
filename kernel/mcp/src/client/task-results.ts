import { randomUUID } from "node:crypto";

import type { Transport } from "@modelcontextprotocol/client";
import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { toJson } from "./to-json.ts";

/** The extension of revision 2026-07-28 by which a server answers a call with a task. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

/** Finds the tasks among the results of calls. */
export interface TaskResults {
  /** The task with which a server answered in place of a result. */
  take(result: object): JsonObject | undefined;
}

/**
 * Lets tasks through a client that knows no such results: what arrives with the result type `task` is handed on as an empty
 * result that carries the task under a key which no server can know. To be called once the transport is connected.
 */
export function letTasksThrough(transport: Transport): TaskResults {
  const key = `tau/${randomUUID()}`;
  const deliver = transport.onmessage;
  // The SDK's transports are no event targets.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  transport.onmessage = (message, extra) => {
    deliver?.call(transport, carrying(message, key), extra);
  };
  return {
    take(result) {
      const meta: unknown = "_meta" in result ? result._meta : undefined;
      const task: unknown =
        typeof meta === "object" && meta !== null && key in meta ? Reflect.get(meta, key) : undefined;
      const json: Json = toJson(task) ?? null;
      return isJsonObject(json) ? json : undefined;
    },
  };
}

type Message = Parameters<NonNullable<Transport["onmessage"]>>[0];

function carrying<T extends Message>(message: T, key: string): T {
  if (!("result" in message) || message.result["resultType"] !== "task") return message;
  const result = { resultType: "complete", content: [], _meta: { [key]: message.result } };
  return { ...message, result };
}
