/** A file of a skill. */
export interface SkillFile {
  /** Relative to the skill's folder, with `/` between names. */
  readonly path: string;
  readonly bytes: number;
}

/** What a skill's folder holds. */
export interface SkillListing {
  /** Regular files, ordered by the code units of their paths: the same folder is always listed the same. */
  readonly files: readonly SkillFile[];
  /** Paths that are never read: symbolic links, hard links, sockets, devices. In the same order. */
  readonly refused: readonly string[];
}

/**
 * The files of one skill, and no other files.
 *
 * Contract, checked by `describeSkillFiles()` from `@tau/skills/testing`:
 * - `read` answers the bytes of exactly the file that `list` names, or throws; it never leaves the skill.
 * - Paths are relative, with `/`; `..`, absolute paths, backslashes and control characters are refused.
 * - Nothing is ever written.
 */
export interface SkillFiles {
  /** The name of the folder, which should be that of the skill. */
  readonly name: string;
  /** Where the folder is; absolute. Absent when the files are not on a disk. */
  readonly folder?: string;
  /** Throws `skill.not_found`, `skill.too_large`. */
  list(signal: AbortSignal): Promise<SkillListing>;
  /** Throws `skill.invalid_path`, `skill.file_not_found`, `skill.refused_file`, `skill.too_large`. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array>;
}

/** What is read of one skill at most; more is `skill.too_large`. */
export const skillLimits = { files: 1_000, fileBytes: 5_000_000, allBytes: 50_000_000, depth: 8 } as const;
