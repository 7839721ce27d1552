import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeMcpCredentialStore } from "@tau/mcp/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { createCredentialFiles } from "./credential-files.ts";

async function createHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "tau-mcp-home-"));
  onTestFinished(async () => await rm(home, { recursive: true, force: true }));
  return home;
}

describeMcpCredentialStore("createCredentialFiles()", async () => createCredentialFiles(await createHome()));

describe("createCredentialFiles()", () => {
  test("writes files that nobody else can read, whose names say nothing", async () => {
    const home = await createHome();
    const key = { tenant: "local", principal: "ada", resource: "https://mcp.example" };

    await createCredentialFiles(home).save(key, "secret", new AbortController().signal);

    const folder = join(home, "mcp-credentials");
    const [file = "", ...others] = await readdir(folder);
    expect(others).toEqual([]);
    expect(file).toMatch(/^[0-9a-f]{64}$/u);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });
});
