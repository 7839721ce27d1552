import { createHash } from "node:crypto";
import { mkdir, readFile, realpath, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isJsonObject, parseJson } from "@tau/core";

// A folder's tau.toml can name programs, hosts and rules, and folders come from strangers: what is in one
// counts only after a person of this machine looked at exactly this text.

/** Whether a person trusted this text of this file. */
export async function isTrusted(home: string, path: string, text: string): Promise<boolean> {
  const known = await readTrusted(home);
  return known[await realpath(path)] === hashOf(text);
}

/** Remembers that a person trusts this text of this file. */
export async function trust(home: string, path: string, text: string): Promise<void> {
  const known = { ...(await readTrusted(home)), [await realpath(path)]: hashOf(text) };
  const file = trustFile(home);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(known, undefined, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

async function readTrusted(home: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(trustFile(home), "utf8").catch(() => "{}");
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}

function trustFile(home: string): string {
  return join(home, "trusted.json");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
