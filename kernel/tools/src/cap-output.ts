import type { Label, ToolResultContent } from "@tau/core";

import type { Artifact, ArtifactStore } from "./artifact-store.ts";
import { clipText } from "./clip-text.ts";
import { imageSize, isTooWide, maxImagePixels } from "./image-size.ts";
import { labelOfContent } from "./label-content.ts";

/** What a model may get from one call. */
export interface OutputLimits {
  /** Characters (UTF-16 units) of text. */
  readonly maxChars: number;
  /** Bytes of text in UTF-8, whatever `maxChars` says: about four bytes make a token. */
  readonly maxBytes: number;
  /** Bytes of one picture or file. */
  readonly maxMediaBytes: number;
}

/** What is shown, and where the rest went. */
export interface CappedOutput {
  readonly content: readonly ToolResultContent[];
  /** Has the whole of what was cut; absent when nothing was. */
  readonly artifacts: readonly Artifact[];
}

interface CapOptions {
  readonly limits: OutputLimits;
  readonly store: ArtifactStore;
}

/**
 * Cuts what is too large for a model and saves the whole of it as artifacts, which the text names. Answers at once where
 * there is nothing to cut.
 */
export function capOutput(
  tool: string,
  content: readonly ToolResultContent[],
  options: CapOptions,
): CappedOutput | Promise<CappedOutput> {
  return isSmall(content, options.limits) ? { content, artifacts: [] } : cap(tool, content, options);
}

async function cap(
  tool: string,
  content: readonly ToolResultContent[],
  { limits, store }: CapOptions,
): Promise<CappedOutput> {
  const artifacts: Artifact[] = [];
  const parts: ToolResultContent[] = [];
  for (const part of content) {
    const excess = excessOf(part, limits);
    if (part.type === "text" || excess === undefined) {
      parts.push(part);
      continue;
    }
    const data = part.source.kind === "base64" ? Buffer.from(part.source.data, "base64") : new Uint8Array();
    const artifact = await store.save(`${tool} output`, part.mediaType, data);
    artifacts.push(artifact);
    parts.push({
      type: "text",
      text: `[${part.mediaType} of ${excess} It is saved as ${artifact.id}.]`,
      ...labelled(part.label),
    });
  }

  const whole = parts.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  const limit = charLimit(whole, limits);
  if (whole.length <= limit) return { content: parts, artifacts };
  const artifact = await store.save(`${tool} output`, "text/plain; charset=utf-8", Buffer.from(whole));
  artifacts.push(artifact);
  const text = markedClip(whole, limit, artifact.id);
  const label = labelOfContent(parts.filter((part) => part.type === "text"));
  const media = parts.filter((part) => part.type !== "text");
  return { content: [{ type: "text", text, ...labelled(label) }, ...media], artifacts };
}

function labelled(label: Label | undefined): { readonly label?: Label } {
  return label === undefined ? {} : { label };
}

/** Whether it fits whatever it says: text with at most three bytes a character, and nothing else. */
function isSmall(content: readonly ToolResultContent[], { maxChars, maxBytes }: OutputLimits): boolean {
  let chars = content.length;
  for (const part of content) chars += part.type === "text" ? part.text.length : Number.POSITIVE_INFINITY;
  return chars <= maxChars && chars * 3 <= maxBytes;
}

/** Clips `text` to `limit` characters and says between the halves where the rest is. */
function markedClip(text: string, limit: number, artifactId: string): string {
  const { head, tail, omitted } = clipText(text, limit);
  if (omitted === 0) return text;
  const marker = `[… ${omitted} characters left out. The full output is ${artifactId}: read it with offset and limit, or search for what you need. …]`;
  return `${head}${head.endsWith("\n") ? "" : "\n"}${marker}\n${tail}`;
}

/** Text with many bytes a character gets fewer characters, so that both limits hold. */
function charLimit(text: string, limits: OutputLimits): number {
  const bytes = text.length * 3 <= limits.maxBytes ? 0 : Buffer.byteLength(text);
  if (bytes <= limits.maxBytes) return limits.maxChars;
  const kept = clipText(text, limits.maxChars);
  const keptBytes = Buffer.byteLength(kept.head) + Buffer.byteLength(kept.tail);
  if (keptBytes <= limits.maxBytes) return limits.maxChars;
  // Three bytes is the most that one UTF-16 unit takes.
  return Math.floor(limits.maxBytes / 3);
}

/** Why a picture or a file cannot be shown: the rest of a sentence; undefined when it can. */
function excessOf(part: ToolResultContent, { maxMediaBytes }: OutputLimits): string | undefined {
  if (part.type === "text" || part.source.kind === "url") return undefined;
  const bytes = Math.floor((part.source.data.length * 3) / 4);
  if (bytes > maxMediaBytes) return `${bytes} bytes left out: at most ${maxMediaBytes} fit.`;
  const size = part.type === "image" ? sizeIn(part.source.data) : undefined;
  if (size === undefined || !isTooWide(size)) return undefined;
  return `${size.width} × ${size.height} pixels left out: at most ${maxImagePixels} on a side can be shown.`;
}

/** A header may hold a thumbnail of 64 KB; behind it nothing is decoded. */
function sizeIn(base64: string): ReturnType<typeof imageSize> {
  return imageSize(Buffer.from(base64.slice(0, 200_000), "base64"));
}
