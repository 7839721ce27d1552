import type { JsonObject, JsonSchema } from "@tau/core";
import type { ToolOutput } from "@tau/tools";

import { createMemoryFiles } from "./memory-files.ts";
import { defaultDurationMs } from "./skill-backend.ts";
import type { SkillRequirements, SkillRun } from "./skill-backend.ts";
import type { Skill } from "./skill.ts";

/** Options of {@link defineSkill}. */
export interface SkillOptions {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it does and when to use it. */
  readonly description: string;
  readonly triggers?: readonly string[];
  /** What it must be given. Default: nothing. */
  readonly input?: JsonSchema;
  readonly requires?: Partial<SkillRequirements>;
  /** Does the work. Calls tools by `run.context.callTool`, under the rules of the agent. */
  run(input: JsonObject, run: SkillRun): Promise<string | ToolOutput>;
}

const noInput: JsonSchema = { type: "object", additionalProperties: false };

/** Makes a skill out of code: listed and found as every other one, run by the tool of `createSkillRunTool`. */
export function defineSkill({ name, description, triggers = [], ...options }: SkillOptions): Skill {
  const { input = noInput, requires = {} } = options;
  return {
    name,
    description,
    triggers,
    metadata: {},
    files: createMemoryFiles(name, {
      "SKILL.md": `---\nname: ${name}\ndescription: ${JSON.stringify(description)}\n---\n\n${description}\n`,
    }),
    warnings: [],
    backend: {
      kind: "native",
      input,
      requires: { tools: [], scopes: [], maxDurationMs: defaultDurationMs, ...requires },
      async run(given, run) {
        const answer = await options.run(given, run);
        return typeof answer === "string" ? { content: [{ type: "text", text: answer }] } : answer;
      },
    },
  };
}
