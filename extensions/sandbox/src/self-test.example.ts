import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runEscapeSuite } from "@tau/sandbox";

// Prints how many attempts the jail held against, as the user who runs this file.
const workspace = mkdtempSync(join(tmpdir(), "tau-example-"));
const results = await runEscapeSuite({
  profile: { access: "workspace-write", network: false, workspace },
});
const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
const escaped = count("escaped") === 0 ? "" : `${count("escaped")} ESCAPED, `;
process.stdout.write(
  `uid ${process.getuid?.()}: ${escaped}${count("held")} held, ${count("not_probed")} not probed\n`,
);
rmSync(workspace, { recursive: true });
