import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { JsonObject } from "@tau/core";
import { parseJson, TauError } from "@tau/core";

import { objectsOf, textOf } from "./kube-fields.ts";

const run = promisify(execFile);
const timeoutMs = 30_000;
const earlyMs = 60_000;

/**
 * Answers the token of a credential plugin: a program that the kubeconfig names, run with its arguments, as `kubectl` does.
 * The token is kept until a minute before it expires. Only for configurations that a person allowed to run programs.
 */
export function execToken(exec: JsonObject, context: string): () => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return async () => {
    if (kept !== undefined && Date.now() < kept.until) return kept.token;
    const status = await askPlugin(exec, context);
    const token = textOf(status, "token");
    if (token === "") throw pluginFailed(context, "answered no token");
    const expires = Date.parse(textOf(status, "expirationTimestamp"));
    kept = { token, until: Number.isNaN(expires) ? Infinity : expires - earlyMs };
    return token;
  };
}

async function askPlugin(exec: JsonObject, context: string): Promise<JsonObject> {
  const version = textOf(exec, "apiVersion");
  const { args } = exec;
  const words: readonly unknown[] = Array.isArray(args) ? args : [];
  const info = { apiVersion: version, kind: "ExecCredential", spec: { interactive: false } };
  const added = objectsOf(exec, "env").map((pair) => [textOf(pair, "name"), textOf(pair, "value")] as const);
  let stdout: string;
  try {
    ({ stdout } = await run(textOf(exec, "command"), words.map(String), {
      env: { ...process.env, ...Object.fromEntries(added), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: timeoutMs,
    }));
  } catch (cause) {
    throw pluginFailed(context, "failed", cause);
  }
  const parsed = parseJson(stdout);
  const [status] = parsed.ok
    ? objectsOf([parsed.value]).flatMap((value) => objectsOf([value["status"] ?? null]))
    : [];
  if (status === undefined) throw pluginFailed(context, "answered no ExecCredential");
  return status;
}

/** What the plugin printed may hold secrets: it stays in the cause. */
function pluginFailed(context: string, what: string, cause?: unknown): TauError {
  return new TauError(
    "kubernetes.config",
    `The credential plugin of context "${context}" ${what}. Run it by hand to see why.`,
    { cause },
  );
}
