import { posix } from "node:path";

import { unreachable } from "@tau/core";

import type { Access } from "../access.ts";
import type { EffectRequest } from "../permission.ts";
import type { CallEffect } from "./call-effect.ts";
import { effectsOfSource } from "./source-effects.ts";

/** Everything a call would do: what its tool says it touches, with shell source taken apart. */
export function effectsOfCall(request: EffectRequest, home: string): readonly CallEffect[] {
  const effects = request.access.flatMap((access) => effectsOfAccess(access, request.workspace, home));
  return effects.length === 0 ? [{ kind: "other" }] : effects;
}

function effectsOfAccess(access: Access, workspace: string, home: string): readonly CallEffect[] {
  switch (access.kind) {
    case "read":
    case "write":
      return [{ kind: access.kind, path: posix.resolve(workspace, access.path), by: "tool" }];
    case "command": {
      const cwd = posix.resolve(workspace, access.cwd);
      return effectsOfSource(cwd === access.cwd ? access : { ...access, cwd }, home);
    }
    case "network":
    case "send":
      return [{ ...access, by: "tool" }];
    case "other":
      return [access];
    default:
      return unreachable(access);
  }
}
