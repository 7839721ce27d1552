import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import { plainText } from "./plain-text.ts";

const maxOutputChars = 2000;

/** A Jupyter notebook as text: its cells with their numbers, sources and text outputs. Undefined for anything else. */
export function notebookText(text: string): string | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value) || !Array.isArray(parsed.value["cells"])) return undefined;
  const cells = parsed.value["cells"].map((cell, index) => cellText(cell, index + 1));
  return cells.join("\n\n");
}

function cellText(cell: Json, number: number): string {
  if (!isJsonObject(cell)) return `[cell ${number}: broken]`;
  const outputs = Array.isArray(cell["outputs"]) ? cell["outputs"].map(outputText) : [];
  const shown = outputs.map((output) => `[output of cell ${number}]\n${output}`);
  return [`[cell ${number}: ${joined(cell["cell_type"])}]\n${joined(cell["source"])}`, ...shown].join("\n");
}

function outputText(output: Json): string {
  if (!isJsonObject(output)) return "(broken)";
  const { output_type: type, text, data, traceback } = output;
  if (type === "stream") return clipped(joined(text));
  if (type === "error") return clipped(joined(traceback, "\n"));
  if (!isJsonObject(data)) return `(${joined(type)})`;
  const plain = data["text/plain"];
  const others = Object.keys(data).filter((mediaType) => mediaType !== "text/plain");
  const more = others.length === 0 ? "" : `(also as ${others.join(", ")})`;
  return [plain === undefined ? "" : clipped(joined(plain)), more].filter((part) => part !== "").join("\n");
}

/** Texts of a notebook are strings, or lists of strings. */
function joined(text: Json | undefined, separator = ""): string {
  if (Array.isArray(text)) return text.map(String).join(separator);
  return typeof text === "string" ? text : "";
}

function clipped(text: string): string {
  const plain = plainText(text).trimEnd();
  return plain.length <= maxOutputChars
    ? plain
    : `${plain.slice(0, maxOutputChars)}… [${plain.length} characters]`;
}
