import { TauError, userLabel } from "@tau/core";
import type { Json, JsonObject, JsonSchema } from "@tau/core";
import type { ToolOutput } from "@tau/tools";

import { readDocument } from "./skill-document.ts";
import { maxDurationMs } from "./skill-backend.ts";
import type { SkillBackend } from "./skill-backend.ts";
import type { SkillFiles } from "./skill-files.ts";

const input: JsonSchema = {
  type: "object",
  properties: { task: { type: "string", minLength: 1, description: "All that the agent needs to know." } },
  required: ["task"],
  additionalProperties: false,
};

/** A skill that is an agent of its own. */
interface AgentSkill {
  readonly name: string;
  readonly files: SkillFiles;
  /** The only tools it may use; absent: those of the agent that asks. */
  readonly tools: readonly string[] | undefined;
}

/**
 * The backend of a skill that is carried out by an agent of its own (`context: fork`): a fresh session below the one that
 * asks, with the skill's text as instructions and at most the tools it lists. Only what it says at the end comes back.
 */
export function agentBackend({ name, files, tools }: AgentSkill): SkillBackend {
  return {
    kind: "agent",
    input,
    requires: { tools: [], scopes: [], maxDurationMs },
    resumes: true,
    async run({ task }: JsonObject, { context, host }): Promise<ToolOutput> {
      if (host.runAgent === undefined)
        throw new TauError(
          "skill.unavailable",
          "Nothing in this program runs agents for skills. Follow the skill's instructions yourself.",
        );
      const { body } = await readDocument(files, context.signal);
      const { text, label, spent, isError } = await host.runAgent({
        skill: name,
        instructions: body,
        prompt: promptOf(task),
        label: context.shown ?? userLabel,
        maxDurationMs,
        context,
        ...(tools === undefined ? {} : { tools }),
      });
      return {
        content: [{ type: "text", text }],
        label,
        ...(spent === undefined ? {} : { spent }),
        ...(isError === undefined ? {} : { isError }),
      };
    },
  };
}

function promptOf(task: Json | undefined): string {
  return typeof task === "string" ? task : JSON.stringify(task);
}
