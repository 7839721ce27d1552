import type { ContextEntry, Label } from "@tau/core";

/** A file that tells agents how to work here. */
export interface InstructionFile {
  /** Absolute. */
  readonly path: string;
  /** For people and models: relative to the project, or below `~`. */
  readonly name: string;
  readonly level: "user" | "project";
  /** What goes into the prompt: clipped where there was no room, and then saying so. */
  readonly text: string;
  /** Of the whole file. */
  readonly bytes: number;
  readonly isClipped: boolean;
  readonly label: Label;
}

/** A file that does not go into the prompt. */
export interface SkippedInstruction {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}

/** What was found, in the order in which it is read: what stands nearer to the work comes later, and wins. */
export interface InstructionChain {
  readonly files: readonly InstructionFile[];
  readonly skipped: readonly SkippedInstruction[];
}

/** Files of a folder that count, in the order in which they are read. */
export const instructionNames = ["AGENTS.md", "CLAUDE.md", "GEMINI.md", ".tau/instructions.md"] as const;

/** Bytes of all instructions together, unless told otherwise. */
export const maxInstructionBytes = 32_768;

/** What a session should begin with. */
export function instructionEntries({ files }: InstructionChain): readonly ContextEntry[] {
  return files.map(({ name, text, label }) => ({
    key: `instructions:${name}`,
    content: text,
    contentType: "text/markdown",
    label,
  }));
}
