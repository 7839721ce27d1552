import { TauError } from "@tau/core";

import type { DefinitionVerdict } from "../pins/compare-definitions.ts";
import { diffDefinitions } from "../pins/definition-diff.ts";
import type { PinnedDefinition } from "../pins/mcp-lock.ts";
import { verdictOn } from "./server-link.ts";

/** Refuses what is not exactly what was approved. @throws TauError `mcp.quarantined` */
export async function assertUsable(
  server: string,
  verdicts: readonly DefinitionVerdict[],
  pinned: PinnedDefinition,
): Promise<void> {
  const verdict = verdictOn(verdicts, pinned.kind, pinned.name);
  if (verdict?.status === "approved") return;
  const what = `The ${pinned.kind.replace("_", " ")} ${JSON.stringify(pinned.name)} of the MCP server "${server}"`;
  const why = {
    changed: "is not the one that was approved",
    ambiguous: "is defined twice, so that nobody knows which one would run",
    missing: "is not there any more",
    new: "was never approved",
  }[verdict?.status ?? "missing"];
  // The new words are the server's: people see them in the details, models do not.
  const diff = verdict?.live === undefined ? [] : await diffDefinitions(pinned, verdict.live);
  throw new TauError(
    "mcp.quarantined",
    `${what} ${why}, and waits in quarantine until a person has looked at it. Use another tool.`,
    { details: { server, kind: pinned.kind, name: pinned.name, status: verdict?.status ?? "missing", diff } },
  );
}
