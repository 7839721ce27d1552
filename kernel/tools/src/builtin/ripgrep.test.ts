import { rgPath } from "@vscode/ripgrep";
import { expect, test } from "vitest";

import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import { builtInTools } from "./built-in-tools.ts";
import { createWorkbench } from "./builtin.test.support.ts";
import { ripgrepPrograms } from "./ripgrep-programs.ts";
import { ripgrep } from "./ripgrep.ts";

test("searches run the ripgrep that is installed with npm, without being told where it is", async () => {
  const context = await createWorkspaceContext();
  const { workspace } = context.environment.info.profile;
  await context.environment.writeFile(`${workspace}/a.txt`, Buffer.from("needle\n"), {}, context.signal);
  const registry = createToolRegistry({ tools: builtInTools() });

  const run = await registry.execute(toolCall("grep", { pattern: "needle" }), context);

  expect(resultText(run.result)).toBe("a.txt:1:needle");
  expect(await ripgrepPrograms({})()).toEqual([rgPath, "rg"]);
  expect(await ripgrepPrograms({ ripgrepPath: "/opt/rg" })()).toEqual(["/opt/rg"]);
});

test("a program that the environment cannot start gives way to the next one", async () => {
  const { context, workspace } = await createWorkbench({ "a.txt": "needle\n" });
  const records: string[] = [];
  const onRecord = (record: string): boolean => records.push(record) > 0;

  const args = ["--files-with-matches", "-e", "needle", "--", workspace];
  const request = { programs: ["/nowhere/rg", rgPath], args, separator: "\n", onRecord } as const;
  expect(await ripgrep(request, context)).toEqual({ complete: true, timedOut: false });
  expect(records).toEqual([`${workspace}/a.txt`]);
});
