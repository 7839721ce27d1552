import { isTauError, TauError, untrusted } from "@tau/core";
import type { Label } from "@tau/core";
import type { ToolOutput } from "@tau/tools";
import { textOutput } from "@tau/tools";

/** Logs, names and labels were written by whoever made the containers. */
export const dockerLabel: Label = untrusted("docker", "workspace");

/** Answers what the engine refused with its own words, which help to correct the call and are labelled as the rest. */
export async function withEngineWords(work: () => Promise<ToolOutput>): Promise<ToolOutput> {
  try {
    return await work();
  } catch (error) {
    if (!isTauError(error) || error.code !== "container.engine_failed" || !(error.cause instanceof Error))
      throw error;
    const words = error.cause.message.replaceAll(/\s+/gu, " ").slice(0, 1000);
    return textOutput(`${error.message} It says: ${words}`, { isError: true });
  }
}

/** Throws `tool.invalid_arguments` for fields that the verb does not know. */
export function assertVerbFields(input: object, verb: string, known: readonly string[]): void {
  const foreign = Object.keys(input).filter((name) => name !== "verb" && !known.includes(name));
  if (foreign.length === 0) return;
  throw new TauError(
    "tool.invalid_arguments",
    `${verb} does not take ${foreign.join(", ").slice(0, 200)}. It takes ${known.join(", ") || "nothing"}.`,
  );
}
