import { randomUUID } from "node:crypto";

import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";
import type { CallToolResult, InputRequests, InputResponses } from "@modelcontextprotocol/server";

import { callerKey } from "./http-caller.ts";
import { createTaskQuestions } from "./task-questions.ts";
import type { TaskQuestions } from "./task-questions.ts";

/** How far a task is. */
export type TaskState = "cancelled" | "completed" | "failed" | "input_required" | "working";

/** A call that goes on after its request was answered. Its dates are in milliseconds. */
export interface ServerTask {
  readonly taskId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** For how long after its creation it is kept, in milliseconds. */
  readonly ttlMs: number;
  readonly state: TaskState;
  /** What it waits for while it is `input_required`, by name. */
  readonly inputRequests?: InputRequests;
  /** Once it is `completed`. */
  readonly result?: CallToolResult;
  /** What it ended with otherwise. */
  readonly error?: unknown;
}

/**
 * The tasks of a server, each of them its caller's alone: to all others it does not exist.
 *
 * Invariants, cited by the tests:
 * - T1. A task belongs to whoever began it, through whatever connection they come back.
 * - T2. An ended task never changes; one whose time is over is gone, and its work is ended.
 * - T3. A caller has at most `maxTasks`; an ended one makes room, a running one never does.
 * - T4. What a task asks only its caller answers, each question once; its work goes on when all of a round are answered.
 */
export interface ServerTasks {
  /** Begins a task. @throws TauError `mcp.too_many_tasks` */
  start(call: CallContext, work: TaskWork, ttlMs?: number): ServerTask;
  get(call: CallContext, taskId: string): ServerTask | undefined;
  /** Those of a caller, oldest first. */
  list(call: CallContext): readonly ServerTask[];
  /** Settles when the task has ended; undefined for one that does not exist. Rejects with the signal's reason. */
  ended(call: CallContext, taskId: string): Promise<ServerTask | undefined>;
  /** Hands answers to one that waits for them, and answers it; undefined for one that does not exist. */
  update(
    call: CallContext,
    taskId: string,
    responses: Readonly<Record<string, unknown>>,
  ): ServerTask | undefined;
  /** Ends one that runs, and answers it; undefined for one that does not exist. */
  cancel(call: CallContext, taskId: string): ServerTask | undefined;
  /** Ends all, and waits until their work has. */
  endAll(): Promise<void>;
}

/** What a task does, asking its client where it must; stops promptly when the signal aborts. */
export type TaskWork = (
  signal: AbortSignal,
  ask: (requests: InputRequests) => Promise<InputResponses>,
) => Promise<CallToolResult>;

/** Options of {@link createServerTasks}. */
export interface ServerTasksOptions {
  /** Of one caller. Default 100. */
  readonly maxTasks?: number;
  readonly now?: () => number;
}

const usualTtlMs = 3_600_000;
const longestTtlMs = 24 * usualTtlMs;

interface Held {
  task: ServerTask;
  readonly owner: string;
  readonly stop: AbortController;
  readonly questions: TaskQuestions;
  done: Promise<void>;
}

/** Whether a task goes on. */
export function isUnderWay({ state }: Pick<ServerTask, "state">): boolean {
  return state === "working" || state === "input_required";
}

/** Makes {@link ServerTasks} that are forgotten with the process. */
export function createServerTasks({ maxTasks = 100, now = Date.now }: ServerTasksOptions = {}): ServerTasks {
  const tasks = new Map<string, Held>();

  const end = (held: Held, outcome: Pick<ServerTask, "error" | "result" | "state">): void => {
    if (!isUnderWay(held.task)) return;
    const { inputRequests: _, ...task } = held.task;
    held.task = { ...task, ...outcome, updatedAt: now() };
  };
  const show = (held: Held): void => {
    if (!isUnderWay(held.task)) return;
    const { inputRequests: _, ...task } = held.task;
    const { open } = held.questions;
    const waiting = open === undefined ? {} : { inputRequests: open };
    held.task = {
      ...task,
      ...waiting,
      state: open === undefined ? "working" : "input_required",
      updatedAt: now(),
    };
  };
  const sweep = (): void => {
    for (const [id, held] of tasks) {
      if (now() - held.task.createdAt < held.task.ttlMs) continue;
      tasks.delete(id);
      held.stop.abort(new Error("The task's time is over."));
    }
  };
  const own = (call: CallContext): readonly Held[] => {
    sweep();
    const owner = callerKey(call);
    return [...tasks.values()].filter((held) => held.owner === owner);
  };
  const find = (call: CallContext, taskId: string): Held | undefined =>
    own(call).find(({ task }) => task.taskId === taskId);
  const makeRoom = (call: CallContext): void => {
    const mine = own(call);
    if (mine.length < maxTasks) return;
    const oldest = mine.find(({ task }) => !isUnderWay(task));
    if (oldest === undefined)
      throw new TauError(
        "mcp.too_many_tasks",
        `You have ${maxTasks} tasks that run: wait for one, or cancel it.`,
      );
    tasks.delete(oldest.task.taskId);
  };

  return {
    start(call, work, ttlMs = usualTtlMs) {
      makeRoom(call);
      const stop = new AbortController();
      const at = now();
      const task: ServerTask = {
        taskId: randomUUID(),
        createdAt: at,
        updatedAt: at,
        ttlMs: Math.min(Math.max(ttlMs, 1_000), longestTtlMs),
        state: "working",
      };
      const questions = createTaskQuestions(() => show(held));
      const held: Held = { task, owner: callerKey(call), stop, questions, done: Promise.resolve() };
      held.done = (async () => {
        try {
          const ask = async (requests: InputRequests): Promise<InputResponses> =>
            await questions.ask(requests, stop.signal);
          end(held, { state: "completed", result: await work(stop.signal, ask) });
        } catch (error) {
          end(held, { state: "failed", error });
        }
      })();
      tasks.set(task.taskId, held);
      return task;
    },
    get: (call, taskId) => find(call, taskId)?.task,
    list: (call) => own(call).map(({ task }) => task),
    async ended(call, taskId) {
      const held = find(call, taskId);
      if (held === undefined) return undefined;
      await Promise.race([held.done, aborted(held.stop.signal), rejected(call.signal)]);
      return held.task;
    },
    update(call, taskId, responses) {
      const held = find(call, taskId);
      held?.questions.answer(responses);
      return held?.task;
    },
    cancel(call, taskId) {
      const held = find(call, taskId);
      if (held === undefined) return undefined;
      end(held, { state: "cancelled" });
      held.stop.abort(new Error("The client cancelled the task."));
      return held.task;
    },
    async endAll() {
      const all = [...tasks.values()];
      tasks.clear();
      for (const { stop } of all) stop.abort(new Error("The server stops."));
      await Promise.all(all.map(async ({ done }) => await done));
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function rejected(signal: AbortSignal): Promise<void> {
  await aborted(signal);
  signal.throwIfAborted();
}
