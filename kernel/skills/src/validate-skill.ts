import { estimateTextTokens, isTauError } from "@tau/core";

import { checkFields } from "./check-fields.ts";
import { readDocument } from "./skill-document.ts";
import type { SkillFiles, SkillListing } from "./skill-files.ts";
import { skillPathNames } from "./skill-path.ts";
import type { SkillFault } from "./skill.ts";
import { readSteps } from "./steps/read-steps.ts";

/** What {@link validateSkill} found. */
export interface SkillReport {
  /** Whether the skill follows the specification. */
  readonly valid: boolean;
  readonly faults: readonly SkillFault[];
  /** What the specification recommends otherwise, and what cannot be used here. */
  readonly advice: readonly SkillFault[];
}

const maxLines = 500;
const maxTokens = 5_000;

/**
 * Checks a skill strictly by the Agent Skills specification, and names every fault at once.
 *
 * @throws TauError `skill.not_found`, `skill.too_large`
 */
export async function validateSkill(files: SkillFiles, signal: AbortSignal): Promise<SkillReport> {
  const listing = await files.list(signal);
  try {
    const { fields, body, faults } = await readDocument(files, signal);
    const all =
      fields.size === 0 && faults.length > 0 ? faults : [...faults, ...checkFields(fields, files.name)];
    return {
      valid: all.length === 0,
      faults: all,
      advice: [
        ...adviceOn(body, listing),
        ...(await readSteps(files, signal)).faults,
        ...refusedFiles(listing),
      ],
    };
  } catch (error) {
    if (!isTauError(error)) throw error;
    const fault = { field: "file", reason: error.message, fix: "Put a readable SKILL.md into the folder." };
    return { valid: false, faults: [fault], advice: refusedFiles(listing) };
  }
}

function refusedFiles({ refused }: SkillListing): readonly SkillFault[] {
  return refused.map((path) => ({
    field: "file",
    reason: `${JSON.stringify(path)} is a link or no regular file, and is never read`,
    fix: "Put a copy there instead.",
  }));
}

function adviceOn(body: string, listing: SkillListing): readonly SkillFault[] {
  const field = "body";
  const advice: SkillFault[] = [];
  const lines = body.split("\n").length;
  const tokens = Math.ceil(estimateTextTokens(body));
  const fix = "Move details into files below references/.";
  if (body === "")
    advice.push({ field, reason: "is empty", fix: "Say how to do it, after the front matter." });
  if (lines > maxLines) advice.push({ field, reason: `has ${lines} lines, more than ${maxLines}`, fix });
  if (tokens > maxTokens)
    advice.push({ field, reason: `has about ${tokens} tokens, more than ${maxTokens}`, fix });
  const unseen =
    body.match(/[\p{Co}\p{Cs}\u{e0000}-\u{e007f}\u202a-\u202e\u2060-\u2069\u200b]/gu)?.length ?? 0;
  if (unseen > 0)
    advice.push({
      field,
      reason: `has ${unseen} characters that nobody sees`,
      fix: "Find out what they say, and remove them.",
    });
  const paths = new Set(listing.files.map(({ path }) => path));
  for (const link of linksOf(body)) {
    if (!paths.has(link))
      advice.push({
        field,
        reason: `links to ${JSON.stringify(link)}, which is not there`,
        fix: "Correct the link.",
      });
  }
  return advice;
}

/** Files that the text links to, as `[words](path)`. */
function linksOf(body: string): readonly string[] {
  const links = [...body.matchAll(/\]\((?<path>[^()\s#?]+)/gu)].map(({ groups }) => groups?.["path"] ?? "");
  return [...new Set(links)].flatMap((link) => {
    try {
      return [skillPathNames(link).join("/")].filter((path) => /\.\w+$/u.test(path));
    } catch {
      return [];
    }
  });
}
