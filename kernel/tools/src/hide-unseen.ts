import { TauError } from "@tau/core";
import type { ToolResultContent } from "@tau/core";

import type { Artifact } from "./artifact-store.ts";
import type { ToolContext } from "./tool.ts";

/** What is left of an answer for a model that takes less. */
export interface SeenOutput {
  readonly content: readonly ToolResultContent[];
  /** Have what was left out. */
  readonly artifacts: readonly Artifact[];
  /** Whether nothing at all was left of it. */
  readonly nothingLeft: boolean;
}

const remedies = {
  image: "Look at it with a program (its size, its text by OCR), or say that it takes a model with vision.",
  file: "Turn it into text with a program, or say that it takes a model that reads documents.",
} as const;

/**
 * Throws `tool.no_vision` when the model that gets the answer is known to take no pictures: before one is read or made that
 * it could not see. `what` begins the sentence.
 */
export function assertSeesPictures({ takes }: Pick<ToolContext, "takes">, what: string): void {
  if (takes?.image !== "no") return;
  throw new TauError("tool.no_vision", `${what} is a picture, and this model takes none. ${remedies.image}`);
}

/**
 * Keeps pictures and documents from a model that is known not to take them: they become artifacts, which a text names.
 * Answers at once where there is nothing to hide.
 */
export function hideUnseen(
  tool: string,
  content: readonly ToolResultContent[],
  context: Pick<ToolContext, "takes" | "artifacts">,
): SeenOutput | Promise<SeenOutput> {
  if (content.every((part) => isTaken(part, context))) return { content, artifacts: [], nothingLeft: false };
  return hide(tool, content, context);
}

/** The words of a text file are sent as text. */
function isTaken(part: ToolResultContent, { takes }: Pick<ToolContext, "takes">): boolean {
  return part.type === "text" || takes?.[part.type] !== "no" || part.mediaType.startsWith("text/");
}

async function hide(
  tool: string,
  content: readonly ToolResultContent[],
  context: Pick<ToolContext, "takes" | "artifacts">,
): Promise<SeenOutput> {
  const artifacts: Artifact[] = [];
  const parts: ToolResultContent[] = [];
  for (const part of content) {
    if (part.type === "text" || isTaken(part, context)) {
      parts.push(part);
      continue;
    }
    const { mediaType, source, label } = part;
    let place = "";
    if (source.kind === "base64") {
      const data = Buffer.from(source.data, "base64");
      const artifact = await context.artifacts.save(`${tool} output`, mediaType, data);
      artifacts.push(artifact);
      place = ` It is saved as ${artifact.id}.`;
    }
    const kind = part.type === "image" ? "pictures" : "documents";
    const text = `[${mediaType} left out: this model takes no ${kind}.${place} ${remedies[part.type]}]`;
    parts.push({ type: "text", text, ...(label === undefined ? {} : { label }) });
  }
  const hidden = content.filter((part, index) => part !== parts[index]).length;
  return { content: parts, artifacts, nothingLeft: hidden > 0 && hidden === content.length };
}
