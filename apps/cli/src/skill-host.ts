import { completeAnswer } from "@tau/agent";
import { joinLabels, parseJson, systemLabel, textOf, userLabel, userText } from "@tau/core";
import type { ApprovalRequested, ContextEntry, Label, TextPart } from "@tau/core";
import { completeRun } from "@tau/runtime";
import type { AgentConfig, PolicyRun, Runtime } from "@tau/runtime";
import { contextBlock } from "@tau/session";
import { allowedToolsPolicy, narrowToSkills, skillsInUse } from "@tau/skills";
import type { AgentTask, Skill, SkillAnswer, SkillHost } from "@tau/skills";
import { createPermissionPolicy, createToolRegistry, meetPolicies } from "@tau/tools";
import type { PermissionPolicy, ToolQuestion } from "@tau/tools";

import { agentName } from "./agent-name.ts";
import { childSession } from "./child-session.ts";
import { workspaceKey } from "./open-environment.ts";

/** Model calls of an agent that a skill runs. */
const childSteps = 25;

/** The entries of a session that hold the lists of the skills that the agent above it uses, one each. */
const listsKey = "allowed_tools";

/** What lends skills the agent's model, and agents below it. */
export interface LocalSkillHost extends SkillHost {
  /** The agents that skills run; to be known to the runtime. */
  readonly agents: readonly AgentConfig[];
  /** Says where agents run, once that is there. */
  runIn(runtime: Runtime): void;
}

/** Makes what the skills of `agent` need to do their work by themselves. */
export function createSkillHost(agent: AgentConfig, skills: readonly Skill[]): LocalSkillHost {
  let runtime: Runtime | undefined;
  const forked = skills.filter(({ backend }) => backend?.kind === "agent");
  return {
    agents: forked.map((skill) => childOf(agent, skill)),
    runIn: (given) => void (runtime = given),
    ask: async ({ parts, schema, signal }, { call }) => {
      const outputSchema = schema === undefined ? {} : { outputSchema: { name: "answer", schema } };
      const request = { messages: [userText(questionOf(parts))], tools: [], ...outputSchema };
      const { message } = await completeAnswer(agent.model, request, { ...call, signal });
      return { text: textOf(message), label: systemLabel };
    },
    async runAgent(task) {
      if (runtime === undefined) throw new TypeError("No runtime was given.");
      return await runChild(runtime, agentName(agent.name, task.skill), task);
    },
  };
}

/** The agent of a skill: the one that asks, with the skill's text and fewer tools. */
function childOf({ role, ...agent }: AgentConfig, { name, allowedTools }: Skill): AgentConfig {
  const allowed = allowedTools?.map((entry) => entry.replace(/\(.*$/su, "").toLowerCase());
  // What the one that asks does not see, its child has not.
  const tools = agent.tools
    .viewFor(role === undefined ? {} : { role })
    .list()
    .filter((tool) => tool.name !== "skill_run" && (allowed === undefined || allowed.includes(tool.name)));
  return {
    ...agent,
    name: agentName(agent.name, name),
    instructions: `You do one task for another agent. What you say last is all that it gets.`,
    tools: createToolRegistry({ tools }),
    limits: { ...agent.limits, maxSteps: Math.min(childSteps, agent.limits?.maxSteps ?? childSteps) },
    policyFor: (environment, grants, run) => {
      const own =
        agent.policyFor?.(environment, grants, run) ?? createPermissionPolicy({ profile: "read-only" });
      const narrowed =
        allowedTools === undefined ? own : meetPolicies(own, allowedToolsPolicy(name, allowedTools));
      return run === undefined ? narrowed : narrowToSkills(narrowedAbove(narrowed, run), run);
    },
  };
}

/** What the agent that asks had narrowed itself to when it asked holds for the one below it, too. */
function narrowedAbove(policy: PermissionPolicy, { bootstrap }: PolicyRun): PermissionPolicy {
  const lists = bootstrap.filter(({ key }) => key === listsKey).map(({ content }) => parseJson(content));
  return lists.reduce<PermissionPolicy>((met, parsed) => {
    const list = parsed.ok && Array.isArray(parsed.value) ? parsed.value : [];
    const entries = list.flatMap((entry) => (typeof entry === "string" ? [entry] : []));
    return meetPolicies(met, allowedToolsPolicy("of the agent above", entries));
  }, policy);
}

/**
 * Runs the agent, or goes on with it where a process before this one began. What it wants to be decided is asked where its
 * parent's questions are; what it uses counts for its parent, of whose limits it gets what is left.
 */
async function runChild(runtime: Runtime, agent: string, task: AgentTask): Promise<SkillAnswer> {
  const { context, skill, maxDurationMs } = task;
  const call = { ...context.call, signal: context.signal };
  const id = childSession(context);
  const { sessionId } = await runtime.createSession({ externalId: id, bootstrap: bootstrapOf(task) }, call);
  const { ask } = context;
  const { status, reason, text, label, error, usage, costMicroUsd } = await completeRun(
    runtime,
    {
      sessionId,
      runId: `${id}:run`,
      prompt: task.prompt,
      agent,
      limits: { ...context.left?.(), maxDurationMs },
      ...(ask === undefined
        ? {}
        : { answer: async (asked, signal) => await ask(questionAbove(skill, asked), signal) }),
    },
    call,
  );
  const origin: Label = { ...userLabel, origins: [`agent:${sessionId}`] };
  const made = {
    label: joinLabels(origin, task.label, ...(label === undefined ? [] : [label])),
    spent: { usage, costMicroUsd },
  };
  if (status === "completed") return { text, ...made };
  const why = `The agent of the skill "${skill}" ended without an answer (${error?.message ?? reason}). Its session is ${sessionId}.`;
  return { text: `skill.step_failed: ${why}`, isError: true, ...made };
}

/** The question as it is asked above: an answer counts once, whatever it could count for below. */
function questionAbove(skill: string, asked: ApprovalRequested): ToolQuestion {
  const { reason, tool, arguments: args, expiresAt, held, label, question } = asked;
  return {
    reason,
    summary: `The agent of the skill "${skill}" asks: ${asked.summary}`,
    tool,
    arguments: args,
    expiresAt,
    ...(held === undefined ? {} : { held }),
    ...(label === undefined ? {} : { label }),
    ...(question === undefined ? {} : { question }),
  };
}

/** What the agent begins with; what the one that asks was shown counts for it, too. */
function bootstrapOf({ instructions, label, context }: AgentTask): readonly ContextEntry[] {
  const { workspace } = context.environment.info.profile;
  const runId = context.call.runPath?.at(-1) ?? "";
  const above = skillsInUse({ runId, kept: () => context.kept ?? {} });
  const taint: ContextEntry = {
    key: "task",
    content: "The task was written by an agent that had read what this is labelled with.",
    label,
  };
  return [
    { key: workspaceKey, content: workspace },
    { key: "instructions", content: instructions },
    ...above.map(({ allowedTools }) => ({ key: listsKey, content: JSON.stringify(allowedTools) })),
    ...(label.integrity === "untrusted" || label.confidentiality === "secret" ? [taint] : []),
  ];
}

/** The question with everything untrusted in it set apart, as in a conversation. */
function questionOf(parts: readonly TextPart[]): string {
  return parts
    .map(({ text, label }) =>
      label?.integrity === "untrusted"
        ? `\n${contextBlock({ key: "data", content: text, label }, "skill")}\n`
        : text,
    )
    .join("");
}
