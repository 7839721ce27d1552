import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { JsonObject } from "@tau/core";
import { createGrepTool } from "@tau/tools";
import { createToolContext } from "@tau/tools/testing";
import { expect, onTestFinished, test } from "vitest";

import { createJail } from "./create-jail.ts";

test("a search by Node sees what commands see: neither secrets nor what lies outside", async () => {
  const workspace = await realpath(await mkdtemp("/var/tmp/tau-search-"));
  onTestFinished(() => rm(workspace, { recursive: true, force: true }));
  await writeFile(join(workspace, "a.txt"), "needle\n");
  await writeFile(join(workspace, ".env"), "TOKEN=needle\n");
  await using environment = await createJail({
    profile: { access: "workspace-write", workspace, network: false },
    showPaths: [dirname(process.execPath)],
  });
  const grep = createGrepTool({ ripgrepPath: "/nowhere/rg", nodePath: process.execPath });
  const search = async (input: JsonObject): Promise<string> => {
    const { content } = await grep.execute(input, createToolContext({ environment }));
    return content.map((part) => (part.type === "text" ? part.text : "")).join("");
  };

  expect(await search({ pattern: "needle", hidden: true })).toMatch(
    /^a\.txt:1:needle(?:\n\[Files with secrets left out: 1\.\])?$/u,
  );
});
