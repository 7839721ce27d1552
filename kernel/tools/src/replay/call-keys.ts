import { canonicalJson } from "@tau/core";

import type { Access } from "../access.ts";
import type { Environment } from "../environment.ts";
import type { ReadyCall } from "../prepare-call.ts";
import { sha256 } from "../sha256.ts";
import type { ToolContext } from "../tool.ts";
import type { FlightKey } from "./flights.ts";

/** More or larger files than these are not looked at for a key: the call is run. */
const maxFiles = 16;
const maxFileBytes = 1_000_000;

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** The same number for the same object, as long as it lives. */
function numberOf(value: object): number {
  const known = numbers.get(value);
  if (known !== undefined) return known;
  numbers.set(value, ++lastNumber);
  return lastNumber;
}

/** Tells calls under way apart: equal for equal calls of one caller, of the same session and environment. */
export function flightKey({ tool, args }: ReadyCall, context: ToolContext): FlightKey {
  const { call, environment, files, artifacts } = context;
  const toolNumber = numberOf(tool);
  // Written down at once: a tool may change its arguments while it runs.
  const text = JSON.stringify(args);
  return {
    place: `flight ${toolNumber} ${call.sessionId ?? ""}`,
    exact: () => {
      const places = [environment, files, artifacts].map(numberOf);
      const caller = callerOf(context, false);
      return keyOf(["flight", toolNumber, ...places, call.sessionId ?? null, caller, JSON.parse(text)]);
    },
  };
}

/** Equal whenever the same effect is run again with the same arguments. */
export function effectKey({ tool, args }: ReadyCall, context: ToolContext): string {
  return keyOf(["effect", numberOf(tool), callerOf(context, false), context.idempotencyKey, args]);
}

/**
 * Equal for calls whose answers are interchangeable: tenant, rights, tool, arguments, environment, and what the files
 * hold that the call reads. Undefined for calls that read folders or run commands: nobody knows what those depend on.
 */
export async function answerKey(
  { tool, args, access }: ReadyCall,
  context: ToolContext,
): Promise<string | undefined> {
  if (access.some(({ kind }) => kind === "command" || kind === "write")) return undefined;
  const { environment, signal } = context;
  const files = await digestsOf(access, environment, signal);
  if (files === undefined) return undefined;
  const { kind, profileHash } = environment.info;
  const caller = callerOf(context, tool.cache?.shared === true);
  return keyOf(["answer", numberOf(tool), caller, kind, profileHash, args, files]);
}

/** Who calls, with which rights, and under what the model had been shown: a tool may do less for who was told more. */
function callerOf(
  { call: { tenant, principal }, shown }: ToolContext,
  isShared: boolean,
): readonly unknown[] {
  return [tenant, isShared ? null : principal.id, principal.scopes.toSorted(), shown ?? null];
}

async function digestsOf(
  access: readonly Access[],
  environment: Environment,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const paths = access.flatMap((one) => (one.kind === "read" ? [one.path] : []));
  if (paths.length > maxFiles) return undefined;
  const digests: string[] = [];
  for (const path of paths) {
    try {
      const { kind, size } = await environment.stat(path, signal);
      if (kind !== "file" || size > maxFileBytes) return undefined;
      digests.push(sha256(await environment.readFile(path, signal)));
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }
  return digests;
}

function keyOf(parts: readonly unknown[]): string {
  return sha256(Buffer.from(canonicalJson(parts)));
}
