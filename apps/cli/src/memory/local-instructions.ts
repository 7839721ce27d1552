import { homedir } from "node:os";
import { join } from "node:path";

import type { InstructionChain } from "@tau/memory";

import type { Settings } from "../settings.ts";
import { isTrusted } from "../trust.ts";

/** Where there are none, or nobody wants any. */
export const noInstructions: InstructionChain = { files: [], skipped: [] };

/** Finds the files that tell agents how to work in a folder; see `findInstructions` of `@tau/memory`. */
export async function localInstructions(
  place: { readonly home: string; readonly cwd: string; readonly untrusted?: boolean },
  maxBytes?: number,
): Promise<InstructionChain> {
  const { findInstructions } = await import("@tau/memory");
  return await findInstructions({
    cwd: place.cwd,
    userFiles: [
      join(place.home, "AGENTS.md"),
      ...[".agents/AGENTS.md", ".claude/CLAUDE.md", ".gemini/GEMINI.md"].map((path) => join(homedir(), path)),
    ],
    trusts: async ({ path, text }) => place.untrusted !== true && (await isTrusted(place.home, path, text)),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    signal: new AbortController().signal,
  });
}

/** Those that a run of these settings begins with. */
export async function instructionsFor(settings: Settings): Promise<InstructionChain> {
  return settings.memory.instructions === false ? noInstructions : await localInstructions(settings);
}

/** Says which files are used, and which of them nobody vouches for. */
export function instructionNotes({ files, skipped }: InstructionChain): readonly string[] {
  const strange = files.filter(({ label }) => label.integrity === "untrusted");
  const links = skipped.filter(({ reason }) => /link|second name|read/u.test(reason));
  return [
    ...(files.length === 0 ? [] : [`Instructions: ${names(files)}.`]),
    ...(strange.length === 0
      ? []
      : [`Nobody vouches for ${names(strange)} yet: read them, then "tau trust".`]),
    ...links.map(({ name, reason }) => `Not used: ${name}, for ${reason}.`),
  ];
}

function names(files: InstructionChain["files"]): string {
  return files.map(({ name, isClipped }) => (isClipped ? `${name} (clipped)` : name)).join(", ");
}
