import { isTauError, TauError } from "@tau/core";
import { defineTool, textOutput } from "@tau/tools";
import type { Access, Tool, ToolContext, ToolOutput } from "@tau/tools";

import { oneLine } from "./one-line.ts";
import { readText } from "./read-text.ts";
import { readDocument } from "./skill-document.ts";
import { createSkillMatcher } from "./skill-matcher.ts";
import type { Skill } from "./skill.ts";
import { keepInUse, skillToolName } from "./skills-in-use.ts";

/** Options of {@link createSkillTool}. */
export interface SkillToolOptions {
  /** The skills that may be looked up. */
  readonly skills: readonly Skill[];
}

interface SkillInput {
  readonly name?: string;
  readonly file?: string;
  readonly query?: string;
}

const maxListed = 100;

/**
 * Makes the tool by which a model looks skills up: the instructions of one (level 2), a file of it (level 3), or the skills
 * that fit a query. It reads nothing but the files of these skills, and writes nothing. Of a skill with `allowed-tools` it has
 * the session keep that it is in use: see `narrowToSkills`.
 */
export function createSkillTool({ skills }: SkillToolOptions): Tool<SkillInput> {
  const byName = new Map(skills.map((skill) => [skill.name, skill]));
  const matcher = createSkillMatcher(skills);
  const get = (name: string): Skill => {
    const skill = byName.get(name);
    if (skill !== undefined) return skill;
    const closest = matcher.match(name).map((match) => match.skill.name);
    const hint = closest.length === 0 ? "" : ` The closest are: ${closest.join(", ")}.`;
    throw new TauError("skill.not_found", `There is no skill ${JSON.stringify(name.slice(0, 80))}.${hint}`);
  };
  return defineTool<SkillInput>({
    name: skillToolName,
    description: `Shows the instructions of a skill: {"name": "pdf"}. A file of that skill: {"name": "pdf", "file": "references/forms.md"}. Skills that may help: {"query": "fill in a form"}.`,
    input: {
      type: "object",
      properties: {
        name: { type: "string", description: "The skill, as the list of skills names it." },
        file: { type: "string", description: "A file of the skill, relative to its folder." },
        query: {
          type: "string",
          description: "Words of the task, when it is not clear which skill covers it.",
        },
      },
      oneOf: [{ required: ["name"] }, { required: ["query"], not: { required: ["file"] } }],
      additionalProperties: false,
    },
    sideEffect: "pure",
    keepsResults: true,
    access: ({ name }) => accessOf(byName.get(name ?? "")),
    async execute({ name, file, query = "" }, context) {
      if (name === undefined) return textOutput(found(matcher.match(query).map(({ skill }) => skill)));
      const skill = get(name);
      if (file !== undefined) return textOutput(await showFile(skill, file, context));
      const keep = keepInUse(skill, context);
      const output = await showInstructions(skill, context);
      return keep === undefined ? output : { ...output, keep };
    },
  });
}

/** Rules about reading speak to a skill's folder as to any other. */
function accessOf(skill: Skill | undefined): readonly Access[] {
  const folder = skill?.files.folder;
  return [folder === undefined ? { kind: "other" } : { kind: "read", path: folder }];
}

async function showInstructions({ name, files }: Skill, { signal }: ToolContext): Promise<ToolOutput> {
  const { body } = await readDocument(files, signal);
  const { files: listed } = await files.list(signal);
  const others = listed.map(({ path }) => path).filter((path) => !/^skill\.md$/iu.test(path));
  const more = others.length > maxListed ? `\n(${others.length - maxListed} more)` : "";
  const list =
    others.length === 0
      ? ""
      : `\n\nFiles of this skill; show one with {"name": ${JSON.stringify(name)}, "file": "…"}:\n${others.slice(0, maxListed).join("\n")}${more}`;
  return textOutput(`<skill_content name="${name}">\n${body}${list}\n</skill_content>`, {
    details: { skill: name, files: others.length },
  });
}

async function showFile(skill: Skill, file: string, { signal }: ToolContext): Promise<string> {
  try {
    return await readText(skill.files, file, signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "skill.file_not_found") throw error;
    const { files } = await skill.files.list(signal);
    const names = files.map(({ path }) => path).slice(0, maxListed);
    throw new TauError(error.code, `${error.message} Its files are: ${names.join(", ")}.`, { cause: error });
  }
}

function found(skills: readonly Skill[]): string {
  if (skills.length === 0) return "No skill fits these words. Go on without one, or try other words.";
  return skills.map(({ name, description }) => `- ${name}: ${oneLine(description)}`).join("\n");
}
