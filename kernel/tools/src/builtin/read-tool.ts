import type { Access } from "../access.ts";
import { defineTool } from "../define-tool.ts";
import type { DocumentReader } from "../document-reader.ts";
import { assertSeesPictures } from "../hide-unseen.ts";
import { imageSize, isTooWide, maxImagePixels } from "../image-size.ts";
import { sha256 } from "../sha256.ts";
import { textOutput } from "../tool-output.ts";
import type { Tool, ToolContext, ToolOutput } from "../tool.ts";
import { TauError } from "@tau/core";
import { fileKind } from "./file-kind.ts";
import { notebookText } from "./notebook-text.ts";
import { openFile, placeOf, recordSeen, shortHash } from "./open-file.ts";
import type { OpenFile } from "./open-file.ts";
import { pagesPattern, showDocument } from "./show-document.ts";
import { linesOf, parseTextFile, parseTextLoosely } from "./text-file.ts";
import { workspacePath } from "./workspace-path.ts";

/** Options of {@link createReadTool}. */
export interface ReadOptions {
  /** Reads documents such as PDFs. Absent: they are named, but not shown. */
  readonly documents?: DocumentReader;
}

interface ReadInput {
  readonly path: string;
  readonly pages?: string;
  readonly offset?: number;
  readonly limit?: number;
}

const maxLines = 2000;
const maxBytes = 50_000;
const maxLineChars = 2000;
const maxImageBytes = 3_750_000;

/** Makes the tool that shows a file, or an artifact, to the model. */
export function createReadTool({ documents }: ReadOptions = {}): Tool {
  const [document, pages] = documents === undefined ? ["", {}] : [", a PDF (its text, by page)", pagesInput];
  return defineTool<ReadInput>({
    name: "read",
    description: `Reads a text file, a notebook (.ipynb, as numbered cells with their outputs)${document} or a picture (png, jpeg, gif, webp), or an artifact that a result named ("artifact:…"). Shows up to ${maxLines} lines or ${maxBytes / 1000} KB and says how to continue. Read a file before you edit or overwrite it.`,
    input: {
      type: "object",
      properties: {
        path: {
          type: "string",
          minLength: 1,
          description: "Absolute or relative to the workspace, or artifact:…",
        },
        offset: { type: "integer", minimum: 1, description: "The first line to show; lines count from 1." },
        limit: { type: "integer", minimum: 1, description: `How many lines to show; at most ${maxLines}.` },
        ...pages,
      },
      required: ["path"],
      additionalProperties: false,
    },
    sideEffect: "pure",
    timeoutMs: 30_000,
    maxOutputChars: 100_000,
    access: ({ path }, workspace): readonly Access[] =>
      // An artifact is what this session's own tools have said: showing it touches nothing.
      isArtifact(path) ? [] : [{ kind: "read", path: workspacePath(workspace, path) }],
    execute: async (input, context) => {
      const file = await load(input.path, context);
      const kind = fileKind(file.data);
      if (kind.kind === "image") {
        assertSeesPictures(context, file.shown);
        return picture(file, kind.mediaType);
      }
      if (kind.kind === "binary") {
        const { mediaType = "" } = kind;
        if (documents?.mediaTypes.includes(mediaType) === true) {
          const wanted = input.pages === undefined ? {} : { pages: input.pages };
          return await showDocument({ file, mediaType, reader: documents, ...wanted }, context);
        }
        throw new TauError(
          "file.not_text",
          `${file.shown} is ${kind.name}, ${file.data.byteLength} bytes: it cannot be shown as text.`,
        );
      }
      return showText(file, input, context);
    },
  });
}

const pagesInput = {
  pages: {
    type: "string",
    pattern: pagesPattern,
    description: 'Which pages of a PDF, as in "3", "1-5" or "6-". Default: from the first one on.',
  },
} as const;

function isArtifact(path: string): boolean {
  return path.startsWith("artifact:");
}

async function load(path: string, context: ToolContext): Promise<OpenFile> {
  if (!isArtifact(path)) return await openFile(await placeOf(path, context), context);
  const data = await context.artifacts.read(path);
  return { shown: path, real: path, data, sha256: sha256(data) };
}

function picture(file: OpenFile, mediaType: string): ToolOutput {
  if (file.data.byteLength > maxImageBytes) {
    throw new TauError(
      "file.too_large",
      `${file.shown} is a picture of ${file.data.byteLength} bytes; at most ${maxImageBytes} can be shown. Make a smaller copy first, in bash.`,
    );
  }
  const size = imageSize(file.data);
  const pixels = size === undefined ? "" : `${size.width} × ${size.height} pixels, `;
  if (size !== undefined && isTooWide(size)) {
    throw new TauError(
      "file.too_large",
      `${file.shown} is a picture of ${size.width} × ${size.height} pixels; at most ${maxImagePixels} on a side can be shown. Make a smaller copy first, in bash.`,
    );
  }
  const data = Buffer.from(file.data).toString("base64");
  return {
    content: [
      {
        type: "text",
        text: `${file.shown}: ${mediaType}, ${pixels}${file.data.byteLength} bytes, sha256 ${shortHash(file.sha256)}`,
      },
      { type: "image", mediaType, source: { kind: "base64", data } },
    ],
    details: { path: file.real, sha256: file.sha256, mediaType },
  };
}

function showText(file: OpenFile, input: ReadInput, context: ToolContext): ToolOutput {
  const strict = parseTextFile(file.data);
  const parsed = strict ?? parseTextLoosely(file.data);
  if (!isArtifact(file.real)) recordSeen(context, file, parsed.text);
  // Of a notebook the model sees what a person would; what it may edit is the file.
  const notebook = file.shown.endsWith(".ipynb") ? notebookText(parsed.text) : undefined;
  const lines = linesOf(notebook ?? parsed.text);
  const offset = input.offset ?? 1;
  const hash = `sha256 ${shortHash(file.sha256)}`;
  if (lines.length === 0) return textOutput(`${file.shown} is empty (0 lines, ${hash}).`, details(file));
  if (offset > lines.length) {
    return textOutput(
      `${file.shown} has only ${lines.length} lines (${hash}); offset ${offset} is past its end.`,
      {
        ...details(file),
        isError: true,
      },
    );
  }
  const shown = page(lines, offset, input.limit ?? maxLines);
  const last = offset + shown.length - 1;
  const facts = [
    `lines ${offset}-${last} of ${lines.length}`,
    hash,
    ...(parsed.eol === "\r\n" ? ["CRLF line ends"] : []),
    ...(parsed.hasBom ? ["byte order mark"] : []),
    ...(strict === undefined ? ["not valid UTF-8: some characters are shown as �"] : []),
  ];
  const more = lines.length - last;
  const next = more === 0 ? "" : `\n[${more} more lines. Continue with offset ${last + 1}.]`;
  return textOutput(`${file.shown} (${facts.join(", ")})\n${shown.join("\n")}${next}`, details(file));
}

/** As many whole lines as fit; always one, since even a clipped line is far smaller than a page. */
function page(lines: readonly string[], offset: number, limit: number): readonly string[] {
  const shown: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(offset - 1, offset - 1 + Math.min(limit, maxLines))) {
    const clipped = clipLine(line);
    bytes += Buffer.byteLength(clipped) + 1;
    if (bytes > maxBytes) break;
    shown.push(clipped);
  }
  return shown;
}

function clipLine(line: string): string {
  if (line.length <= maxLineChars) return line;
  const kept = line.slice(0, maxLineChars).replace(/[\ud800-\udbff]$/, "");
  return `${kept}… [line clipped: ${line.length} characters]`;
}

function details(file: OpenFile): Pick<ToolOutput, "details"> {
  return { details: { path: file.real, sha256: file.sha256 } };
}
