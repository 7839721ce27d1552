import { TauError } from "@tau/core";

import { splitAllowedTools } from "./allowed-tools.ts";
import { checkFields } from "./check-fields.ts";
import { agentBackend } from "./agent-backend.ts";
import { readDocument } from "./skill-document.ts";
import type { SkillFiles } from "./skill-files.ts";
import type { Skill } from "./skill.ts";
import { readSteps } from "./steps/read-steps.ts";
import { triggersOf } from "./triggers.ts";

/**
 * Reads what is known of a skill. Lenient: two thirds of the skills out there break the specification somewhere, which
 * becomes a warning. What has no description cannot be chosen by anybody and is refused.
 *
 * @throws TauError `skill.invalid`, and what `SkillFiles.read` throws
 */
export async function loadSkill(files: SkillFiles, signal: AbortSignal): Promise<Skill> {
  const { fields, faults } = await readDocument(files, signal);
  const description = textOf(fields.get("description"));
  const name = toName(textOf(fields.get("name")) ?? files.name);
  if (description === undefined || name === "") {
    const [fault = { field: "description", reason: "is missing" }] = faults;
    throw new TauError(
      "skill.invalid",
      `The skill in ${JSON.stringify(files.name)} cannot be used: its ${fault.field} ${fault.reason}.`,
    );
  }
  const metadata = metadataOf(fields.get("metadata"));
  const license = textOf(fields.get("license"));
  const compatibility = textOf(fields.get("compatibility"));
  // A value that cannot be read allows nothing: forgiving here would be generous.
  const allowedTools = fields.has("allowed-tools")
    ? splitAllowedTools(fields.get("allowed-tools"))
    : undefined;
  const isForked = textOf(fields.get("context")) === "fork" || metadata["context"] === "fork";
  const steps = await readSteps(files, signal);
  const backend = isForked ? agentBackend({ name, files, tools: allowedTools }) : steps.backend;
  return {
    name,
    description,
    triggers: triggersOf({ key: fields.get("triggers"), metadata: metadata["triggers"], description }),
    metadata,
    ...(license === undefined ? {} : { license }),
    ...(compatibility === undefined ? {} : { compatibility }),
    ...(allowedTools === undefined ? {} : { allowedTools }),
    files,
    ...(backend === undefined ? {} : { backend }),
    warnings: [...faults, ...checkFields(fields, files.name), ...steps.faults],
  };
}

/** The nearest name that follows the rules: it stands in prompts, on command lines and in lists. */
function toName(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 64);
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? undefined : text;
}

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (!(value instanceof Map)) return {};
  const texts = [...value].flatMap(([key, item]: [unknown, unknown]) =>
    typeof item === "string" ? [[String(key), item] as const] : [],
  );
  return Object.fromEntries(texts);
}
