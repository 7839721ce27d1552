import type { SkillBackend } from "./skill-backend.ts";
import type { SkillFiles } from "./skill-files.ts";

/** What is wrong with a SKILL.md. */
export interface SkillFault {
  /** The key, or `front matter`, `file`, `body`. */
  readonly field: string;
  /** What is wrong, as the rest of a sentence that begins with the field. */
  readonly reason: string;
  /** What to do. */
  readonly fix: string;
}

/** What is known of a skill before it is used: level 1. Its instructions and files stay on the disk until then. */
export interface Skill {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it does and when to use it. */
  readonly description: string;
  /** Words of a prompt that call for it. */
  readonly triggers: readonly string[];
  readonly license?: string;
  /** What it needs, in words. */
  readonly compatibility?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The tools that may be used along with it, as written; absent when it does not say. */
  readonly allowedTools?: readonly string[];
  readonly files: SkillFiles;
  /** How it does its work by itself; absent for skills that tell the model how. */
  readonly backend?: SkillBackend;
  /** What does not follow the specification, and was let pass. */
  readonly warnings: readonly SkillFault[];
}
