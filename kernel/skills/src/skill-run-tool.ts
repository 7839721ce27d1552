import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import { defineTool } from "@tau/tools";
import type { Tool, ToolContext, ToolOutput } from "@tau/tools";

import { maxDurationMs } from "./skill-backend.ts";
import type { SkillBackend, SkillEvent, SkillHost } from "./skill-backend.ts";
import type { Skill } from "./skill.ts";
import { checkInput } from "./check-input.ts";

/** Options of {@link createSkillRunTool}. */
export interface SkillRunToolOptions {
  /** Those that can run by themselves are offered; the others are left out. */
  readonly skills: readonly Skill[];
  readonly host: SkillHost;
  /** The names of the tools that the agent has. */
  readonly tools: () => readonly string[];
}

interface RunInput {
  readonly name: string;
  readonly input?: JsonObject;
}

/** The name of the tool that runs skills. */
export const skillRunToolName = "skill_run";

/**
 * Makes the tool by which a model has a skill do its work: code, steps, or an agent of its own. Undefined when none of
 * the skills can. Every tool that a skill calls is decided on by itself, under the rules of the agent.
 */
export function createSkillRunTool(options: SkillRunToolOptions): Tool<RunInput> | undefined {
  const { skills, host, tools } = options;
  const runnable = new Map(
    skills.flatMap(({ name, backend }) => (backend === undefined ? [] : [[name, backend] as const])),
  );
  if (runnable.size === 0) return undefined;
  const names = [...runnable.keys()];
  // Running one touches nothing but the skill: what it calls is decided on call by call.
  const folders = new Map(
    skills.flatMap(({ name, files: { folder } }) =>
      folder === undefined ? [] : [[name, { kind: "read", path: folder } as const]],
    ),
  );
  return defineTool<RunInput>({
    name: skillRunToolName,
    description: `Has a skill do its work by itself and answers what came of it. What each is given: ${[
      ...runnable,
    ]
      .map(([name, { input }]) => `${name} ${JSON.stringify(input["properties"] ?? {})}`)
      .join("; ")
      .slice(0, 4_000)}`,
    input: {
      type: "object",
      properties: {
        name: { type: "string", enum: names },
        input: { type: "object", description: "What the skill is given." },
      },
      required: ["name"],
      additionalProperties: false,
    },
    // After a crash a person decides, unless the skill finds what it did before.
    sideEffect: "irreversible",
    runsAgain: ({ name }) => runnable.get(name)?.resumes === true,
    timeoutMs: maxDurationMs,
    access: ({ name }) => [folders.get(name) ?? { kind: "other" }],
    async execute({ name, input = {} }, context) {
      const backend = runnable.get(name);
      if (backend === undefined)
        throw new TauError("skill.not_found", `There is no skill ${JSON.stringify(name)}.`);
      assertPossible(name, backend, { context, tools: tools() });
      await checkInput(name, backend.input, input);
      return await withinItsTime(name, backend, context, (bounded) => {
        const events: SkillEvent[] = [];
        const tell = (event: SkillEvent): void => {
          events.push(event);
          if (event.type === "step_started") context.progress(`${name}: ${event.step}\n`);
        };
        return backend.run(input, { context: bounded, host, tell }).then((output) => ({
          ...output,
          details: {
            ...output.details,
            skill: name,
            steps: events.filter(({ type }) => type === "step_finished").length,
          },
        }));
      });
    },
  });
}

function assertPossible(
  name: string,
  { requires }: SkillBackend,
  { context, tools }: { readonly context: ToolContext; readonly tools: readonly string[] },
): void {
  const missing = requires.tools.filter((tool) => !tools.includes(tool));
  if (missing.length > 0)
    throw new TauError(
      "skill.unavailable",
      `The skill "${name}" needs tools that this agent does not have: ${missing.join(", ")}. Do the task without it.`,
    );
  const { scopes } = context.call.principal;
  const lacking = requires.scopes.filter((scope) => !scopes.includes(scope));
  if (lacking.length > 0)
    throw new TauError(
      "skill.unavailable",
      `The skill "${name}" needs scopes that the caller does not have: ${lacking.join(", ")}.`,
    );
}

async function withinItsTime(
  name: string,
  { kind, requires }: SkillBackend,
  context: ToolContext,
  run: (context: ToolContext) => Promise<ToolOutput>,
): Promise<ToolOutput> {
  // An agent's time is its run's, which stands still while a person is asked; the tool's own is above both.
  if (kind === "agent") return await run(context);
  const late = AbortSignal.timeout(requires.maxDurationMs);
  const signal = AbortSignal.any([context.signal, late]);
  try {
    return await run({ ...context, signal });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw new TauError(
      "skill.step_failed",
      `The skill "${name}" did not end within ${requires.maxDurationMs / 1_000} s and was stopped. What it did until then stays done.`,
      { cause: error },
    );
  }
}
