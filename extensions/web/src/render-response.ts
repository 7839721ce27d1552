import { TauError, untrusted } from "@tau/core";
import type { ToolContext, ToolOutput } from "@tau/tools";
import { textOutput } from "@tau/tools";

import { decodeText } from "./decode-text.ts";
import { plainHtml } from "./page/plain-html.ts";
import { toMarkdown } from "./page/to-markdown.ts";
import { readBody } from "./read-body.ts";

/** How an answer is shown. */
export interface RenderOptions {
  readonly maxBodyBytes: number;
  /** Show HTML as it is. */
  readonly raw: boolean;
  /** What was asked for. */
  readonly url: string;
}

const markup = /^(?:text\/html|application\/xhtml\+xml)\b/iu;
const textual =
  /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|javascript|ecmascript|toml|x-ndjson|jsonlines|sql|graphql|x-www-form-urlencoded|rtf)\b|image\/svg)/iu;

/** Shows what a host answered to the model: pages as Markdown, texts as they are, other things as an artifact. */
export async function renderResponse(
  response: Response,
  context: ToolContext,
  options: RenderOptions,
): Promise<ToolOutput> {
  const { url } = options;
  const contentType = response.headers.get("content-type") ?? "";
  const [mediaType = ""] = contentType.split(";", 1);
  const { bytes, cut } = await readBody(response, options.maxBodyBytes);
  const head = `HTTP ${response.status} · ${mediaType === "" ? "no media type" : mediaType} · ${url}`;
  const rest = {
    isError: response.status >= 400,
    details: { status: response.status, url, mediaType, bytes: bytes.length, cut },
    label: untrusted(`web:${new URL(url).host}`),
  };
  if (!isText(mediaType, bytes)) {
    if (cut) {
      throw new TauError(
        "web.binary",
        `${url} is ${mediaType}, more than ${options.maxBodyBytes} bytes: that is neither shown nor kept.`,
      );
    }
    const name = new URL(url).pathname.split("/").at(-1) ?? "";
    const artifact = await context.artifacts.save(name === "" ? "download" : name, mediaType, bytes);
    return textOutput(`${head}\nNot text: ${bytes.length} bytes, kept as ${artifact.id}.`, rest);
  }
  const text = decodeText(bytes, contentType);
  const shown = markup.test(mediaType) && !options.raw ? await pageText(text, url, context.signal) : text;
  const note = cut ? `\n\n[The rest is left out: more than ${options.maxBodyBytes} bytes.]` : "";
  return textOutput(`${head}\n\n${shown.trim() === "" ? "(no text)" : shown}${note}`, rest);
}

async function pageText(html: string, url: string, signal: AbortSignal): Promise<string> {
  const page = await toMarkdown({ html, url }, signal);
  if (page === undefined) return plainHtml(html);
  return page.title === "" ? page.markdown : `Title: ${page.title}\n\n${page.markdown}`;
}

/** What the server says counts where it says something; an unnamed or unknown type is judged by its bytes. */
function isText(mediaType: string, bytes: Uint8Array): boolean {
  if (textual.test(mediaType)) return true;
  if (mediaType !== "" && mediaType !== "application/octet-stream" && mediaType !== "binary/octet-stream")
    return false;
  return !bytes.subarray(0, 8_192).includes(0);
}
