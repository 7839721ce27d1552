import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createHostEnvironment } from "./create-host-environment.ts";

test("commandVariables() keep bash from reading ~/.bashrc, which could make any name mean anything", async () => {
  const home = await mkdtemp(join(tmpdir(), "tau-home-"));
  await writeFile(join(home, ".bashrc"), "sort() { echo planted; }\n");
  const profile = { access: "workspace-write", workspace: home, network: false } as const;
  await using environment = createHostEnvironment({ profile, env: { HOME: home } });
  const output: Uint8Array[] = [];

  await environment.exec(
    {
      argv: ["bash", "-c", "sort /dev/null; echo done"],
      stdin: "",
      timeoutMs: 60_000,
      onOutput: (chunk) => output.push(chunk),
    },
    new AbortController().signal,
  );

  await rm(home, { recursive: true });
  expect(Buffer.concat(output).toString()).toBe("done\n");
});
