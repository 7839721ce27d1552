import type { CallContext, ContextEntry, JsonObject } from "@tau/core";
import { completeRun } from "@tau/runtime";
import type { Runtime } from "@tau/runtime";
import { defineTool } from "@tau/tools";
import type { Tool } from "@tau/tools";

import { runTools } from "./run-tools.ts";

interface AskInput {
  readonly prompt: string;
  readonly session?: string;
}

/**
 * The tools of the built-in runtime server: ask an agent and wait, or have it begin and come back, look at its sessions. The agent works under its own rules; a
 * program that asks it can do no more through it than the person who configured it.
 */
export function runtimeTools(runtime: Runtime, bootstrap: readonly ContextEntry[]): readonly Tool[] {
  const newSession = async (call: CallContext): Promise<string> =>
    (await runtime.createSession({ bootstrap }, call)).sessionId;
  return [
    ...runTools(runtime, newSession),
    defineTool<AskInput>({
      name: "agent_run",
      description:
        "Has an agent do a task and answers what it says at the end, with the session in which it can be asked to go on.",
      input: {
        type: "object",
        properties: {
          prompt: { type: "string", minLength: 1 },
          session: { type: "string", minLength: 1, description: "To go on with; a new one when left out." },
        },
        required: ["prompt"],
        additionalProperties: false,
      },
      sideEffect: "irreversible",
      timeoutMs: 3_600_000,
      async execute({ prompt, session }, { call, signal }) {
        const context = { ...call, signal };
        const sessionId = session ?? (await newSession(context));
        const { text, status, reason, costMicroUsd } = await completeRun(
          runtime,
          { prompt, sessionId },
          context,
        );
        const answer: JsonObject = { session: sessionId, status, reason, text, costMicroUsd };
        return { content: [{ type: "text", text: JSON.stringify(answer) }], isError: status !== "completed" };
      },
    }),
    defineTool({
      name: "session_list",
      description: "Lists the newest sessions: id, status and when they were last used.",
      input: { type: "object", additionalProperties: false },
      sideEffect: "pure",
      async execute(_input, { call }) {
        const { sessions } = await runtime.listSessions({ limit: 50 }, call);
        return JSON.stringify(
          sessions.map(({ sessionId, status, updatedAt }) => ({ sessionId, status, updatedAt })),
        );
      },
    }),
    defineTool<{ readonly session: string }>({
      name: "session_get",
      description: "Shows the status of a session and what it waits for.",
      input: {
        type: "object",
        properties: { session: { type: "string", minLength: 1 } },
        required: ["session"],
        additionalProperties: false,
      },
      sideEffect: "pure",
      async execute({ session }, { call }) {
        const { status, pending } = await runtime.getSession(session, call);
        const questions = pending.map(({ approvalId, tool, summary }) => ({ approvalId, tool, summary }));
        return JSON.stringify({ session, status, pending: questions });
      },
    }),
  ];
}
