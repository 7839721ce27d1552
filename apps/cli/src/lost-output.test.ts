import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const program = `
import { processTerminal } from ${JSON.stringify(import.meta.resolve("./terminal.ts"))};
const { stdout, stderr, onLeave } = processTerminal();
onLeave((exitCode) => stderr.write("left with " + exitCode + "\\n"));
for (let at = 0; at < 5; at++) stdout.write("a");
setTimeout(() => stdout.write("a"), 20);
`;

test.runIf(process.platform === "linux")(
  "what cannot be written to a full disk is said once, however often it is tried",
  async () => {
    const node = [process.execPath, "--conditions=@tau/source", "--input-type=module", "-e", program];
    const { stderr } = await promisify(execFile)("sh", ["-c", 'exec "$@" > /dev/full', "sh", ...node]);
    expect(stderr).toMatch(/^tau: The output cannot be written: ENOSPC: .*(\nleft with 1)+\n$/u);
  },
);
