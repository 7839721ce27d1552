import { readFile } from "node:fs/promises";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, TauError } from "@tau/core";

import { cassetteError } from "./cassette-error.ts";
import { cassetteHeader } from "./entry.ts";
import type { CassetteEntry } from "./entry.ts";

/** An entry and the number of its line, counted from 1. */
export interface CassetteLine {
  readonly line: number;
  readonly entry: CassetteEntry;
}

/**
 * Reads a cassette.
 *
 * @throws TauError `cassette.invalid` when the file cannot be read or a line is none of a cassette
 */
export async function readCassette(path: string): Promise<readonly CassetteLine[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw cassetteError("cassette.invalid", "The cassette cannot be read. Check its path.", error);
  }
  const [first = "", ...lines] = text.split("\n");
  assertHeader(first);
  return lines.flatMap((line, index) =>
    line === "" ? [] : [{ line: index + 2, entry: toEntry(line, index + 2) }],
  );
}

/** @throws TauError `cassette.invalid` */
export function assertHeader(line: string): void {
  const parsed = parseJson(line);
  const header = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  if (header["tau"] !== cassetteHeader.tau) throw invalid(1, `must be ${JSON.stringify(cassetteHeader)}`);
  if (header["version"] === cassetteHeader.version) return;
  throw invalid(1, `has version ${JSON.stringify(header["version"] ?? null)}, and only 1 is known`);
}

function toEntry(text: string, line: number): CassetteEntry {
  const parsed = parseJson(text);
  if (!parsed.ok) throw invalid(line, "is not JSON; perhaps its end is missing");
  assertEntry(parsed.value, line);
  return parsed.value;
}

/** Checks what is relied on here; events and bodies are checked by whoever reads them, as in any answer. */
function assertEntry(value: unknown, line: number): asserts value is CassetteEntry {
  const reason = reasonAgainst(value);
  if (reason !== undefined) throw invalid(line, reason);
}

function reasonAgainst(entry: unknown): string | undefined {
  if (!isJsonObject(entry)) return "is not an object";
  const { kind, request, end } = entry;
  if (!isEnd(end)) return "has no end: complete, left, aborted or failed";
  if (!isJsonObject(request)) return "has no request";
  if (kind === "http") return reasonAgainstHttp(entry["response"], request);
  if (kind !== "model") return "is of no kind that is known: http, model";
  const { model, batches } = entry;
  const named =
    isJsonObject(model) && typeof model["provider"] === "string" && typeof model["id"] === "string";
  if (!named) return "has no model with provider and id";
  return isListOf(batches, (batch) => isListOf(batch, isJsonObject)) ? undefined : "has no batches of events";
}

function reasonAgainstHttp(
  response: Json | undefined,
  request: { readonly [key: string]: Json },
): string | undefined {
  const { url, headers, body } = request;
  if (typeof url !== "string" || !URL.canParse(url)) return "has no request.url";
  if (!isJsonObject(headers) || !isJsonObject(body)) return "has no headers or no body in its request";
  const written = "json" in body || typeof body["text"] === "string" || typeof body["base64"] === "string";
  if (!written) return "has a request.body that is neither json nor text nor base64";
  if (response === undefined) return undefined;
  const complete =
    isJsonObject(response) && typeof response["status"] === "number" && isJsonObject(response["headers"]);
  if (!complete) return "has a response without status or headers";
  return isListOf(response["reads"], (read) => isListOf(read, isChunk)) ? undefined : "has no response.reads";
}

function isEnd(end: Json | undefined): boolean {
  if (!isJsonObject(end)) return end === "complete" || end === "left" || end === "aborted";
  const { failed } = end;
  return isJsonObject(failed) && typeof failed["message"] === "string";
}

function isChunk(chunk: Json): boolean {
  return typeof chunk === "string" || (isJsonObject(chunk) && typeof chunk["base64"] === "string");
}

function isListOf(value: Json | undefined, is: (element: Json) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

function invalid(line: number, reason: string): TauError {
  return cassetteError("cassette.invalid", `Line ${line} of the cassette ${reason}. Record it again.`);
}
