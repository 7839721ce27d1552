import { rename, writeFile } from "node:fs/promises";

import { configPath, readConfigText } from "../config-file.ts";
import { parseConfig } from "../parse-config.ts";
import { isTrusted, trust } from "../trust.ts";

/** Whether a changed file counts at once: when the one before did, or there was none. */
type Outcome = "trusted" | "untrusted";

/** Adds a server to the folder's tau.toml, in words that a person would write. @throws TauError `config.invalid` */
export async function addServer(
  place: { readonly home: string; readonly cwd: string },
  name: string,
  values: Readonly<Record<string, string | readonly string[]>>,
): Promise<Outcome> {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return await edit(place, (text) => {
    const before = text === "" || text.endsWith("\n\n") ? text : `${text.trimEnd()}\n\n`;
    return `${before}[mcp.servers.${name}]\n${lines.join("\n")}\n`;
  });
}

/** Takes a server and what is said of its tools out of the folder's tau.toml. */
export async function removeServer(
  place: { readonly home: string; readonly cwd: string },
  name: string,
): Promise<Outcome> {
  return await edit(place, (text) => {
    let isOf = false;
    const kept = text.split("\n").filter((line) => {
      const [, header] = /^\s*\[+\s*([^\]]+?)\s*\]/u.exec(line) ?? [];
      if (header !== undefined) {
        const parts = header.split(".").map((part) => part.trim().replaceAll(/^["']|["']$/gu, ""));
        isOf = parts[0] === "mcp" && parts[1] === "servers" && parts[2] === name;
      }
      return !isOf;
    });
    return kept.join("\n");
  });
}

async function edit(
  { home, cwd }: { readonly home: string; readonly cwd: string },
  change: (text: string) => string,
): Promise<Outcome> {
  const path = configPath(cwd);
  const before = await readConfigText(path);
  const counts = before === undefined || (await isTrusted(home, path, before));
  const text = change(before ?? "");
  parseConfig(text, path);
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { flag: "wx" });
  await rename(draft, path);
  if (counts) await trust(home, path, text);
  return counts ? "trusted" : "untrusted";
}
