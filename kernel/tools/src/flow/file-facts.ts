import { isAbsolute, relative } from "node:path/posix";

import { joinLabels, untrusted, workspaceLabel } from "@tau/core";
import type { EffectKind } from "@tau/core";

import type { CallFacts, FlowPlace } from "./flow-place.ts";
import { secretOfPath } from "./secret-path.ts";
import { isSteeringPath } from "./steering-paths.ts";

/** What reading a file brings in. */
export function readFacts(path: string, { environment, trustedWorkspace, home }: FlowPlace): CallFacts {
  const { workspace } = environment.profile;
  const inside = relative(workspace, path);
  const outside = isOutside(inside);
  const origin = `file:${outside ? path : inside || "."}`;
  // Nobody vouches for what lies outside of the workspace: downloads, and files of other programs.
  const isUntrusted = outside || !trustedWorkspace;
  const label = isUntrusted ? untrusted(origin, "workspace") : { ...workspaceLabel, origins: [origin] };
  const secret = secretOfPath(path, home);
  return {
    kinds: [
      ...(secret === undefined ? [] : (["read_secret"] as const)),
      isUntrusted ? "read_untrusted" : "read",
    ],
    label: secret === undefined ? label : joinLabels({ ...label, secrets: [secret] }),
  };
}

/** What writing a file means. */
export function writeKind(path: string, { environment, home }: FlowPlace): EffectKind {
  const { workspace } = environment.profile;
  if (isOutside(relative(workspace, path))) return "irreversible";
  return isSteeringPath(path, workspace) || secretOfPath(path, home) !== undefined ? "persist" : "write";
}

function isOutside(inside: string): boolean {
  return isAbsolute(inside) || inside === ".." || inside.startsWith("../");
}
