import { isJsonObject, parseJson } from "@tau/core";

import type { Terminal } from "./terminal.ts";

/** How long to wait for an Ollama that may not be there, in milliseconds. */
const patienceMs = 500;

/** Where Ollama answers. `OLLAMA_HOST` counts as it does for Ollama's own command: host, host:port or URL. */
export function ollamaUrl({ env }: Pick<Terminal, "env">): string {
  const named = (env["OLLAMA_HOST"] ?? "").trim();
  const [, scheme = "http", rest = ""] = /^(?:(https?):\/\/)?(.*?)\/*$/u.exec(named) ?? [];
  const [, host = "", port = scheme === "https" ? "443" : "11434"] =
    /^(\[[^\]]*\]|[^:/]*)(?::(\d+))?$/u.exec(rest) ?? [];
  // A server is told to listen everywhere by these; a client finds it at home.
  const reachable = ["", "0.0.0.0", "[::]"].includes(host) ? "127.0.0.1" : host;
  return `${scheme}://${reachable}:${port}`;
}

/** The first model of an Ollama; undefined when none answers, or it has none. */
export async function firstOllamaModel(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(patienceMs) });
    const answer = parseJson(await response.text());
    const models = answer.ok && isJsonObject(answer.value) ? answer.value["models"] : undefined;
    const [first] = Array.isArray(models) ? models : [];
    return isJsonObject(first) && typeof first["name"] === "string" ? first["name"] : undefined;
  } catch {
    return undefined;
  }
}
