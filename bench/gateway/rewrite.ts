import { parseJson } from "@tau/core";

/** Parses JSON and writes it again, which is what every gateway does that looks at what it passes on. */
export function rewriteJson(text: string): string {
  const parsed = parseJson(text);
  return parsed.ok ? JSON.stringify(parsed.value) : text;
}

/** The same for each event of a stream. */
export function rewriteEvents(text: string): string {
  let written = "";
  for (const event of text.split("\n\n")) {
    // What ends the stream is no JSON, and stays as it is.
    if (event.startsWith("data: ")) written += `data: ${rewriteJson(event.slice(6))}\n\n`;
  }
  return written;
}
