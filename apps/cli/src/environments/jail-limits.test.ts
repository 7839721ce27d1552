import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { emptyConfig } from "../config-file.ts";
import { openEnvironment } from "../open-environment.ts";
import { parseConfig } from "../parse-config.ts";
import { plainSettings } from "../settings.ts";

test("what [environment.jail] limits is what a command can use, and the command is told", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-jail-limits-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  const config = parseConfig("[environment.jail]\nmemory_mb = 64\ntmp_mb = 1\nfile_mb = 2", "tau.toml");
  const { jail } = { ...emptyConfig.environment, ...config.environment };
  const settings = { ...plainSettings(join(folder, "home"), folder), environments: { jail: table(jail) } };
  await using environment = await openEnvironment(settings, folder);
  const said = async (line: string): Promise<string> => {
    let output = "";
    const onOutput = (chunk: Uint8Array): void => {
      output += Buffer.from(chunk).toString();
    };
    const argv = ["bash", "-c", line] as const;
    await environment.exec({ argv, timeoutMs: 20_000, onOutput }, new AbortController().signal);
    return output;
  };

  expect(await said("a=$(head -c 200000000 /dev/zero | tr '\\0' x); sleep 20")).toBe(
    "tau: killed: used more than 64 MB of memory\n",
  );
  expect(await said("head -c 2000000 /dev/zero > /tmp/file")).toContain("No space left on device");
  expect(await said("head -c 3000000 /dev/zero > file")).toContain(
    "tau: killed: wrote a file of more than 2 MB\n",
  );
});

function table(value: unknown): Readonly<Record<string, number>> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([key, item]) => [key, Number(item)]));
}

test.each(["memory_mb = 0", "processes = 'many'", "memory = 3"])(
  "a limit such as %s is a mistake of the configuration",
  (line) => {
    expect(() => parseConfig(`[environment.jail]\n${line}`, "tau.toml")).toThrow(/environment\.jail/u);
  },
);
