import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runLandlockSelfTest } from "@tau/sandbox";

// Prints what Landlock held against, as the user who runs this file.
const workspace = mkdtempSync(join(tmpdir(), "tau-example-"));
const results = await runLandlockSelfTest({
  profile: { access: "workspace-write", network: false, workspace },
});
const escaped = results.filter(({ outcome }) => outcome === "escaped").map(({ name }) => name);
const held = results.filter(({ outcome }) => outcome === "held").length;
process.stdout.write(
  `uid ${process.getuid?.()}: ${held > 85 ? "held" : `${held} held`}, escaped: ${escaped.join(", ")}\n`,
);
rmSync(workspace, { recursive: true });
