import { describe, expect, test } from "vitest";

import { listMarkdown, readFences } from "./checks/markdown.ts";
import { checkFences, runFence } from "./checks/run-fence.ts";
import { readWorkspace } from "./checks/workspace.ts";

const workspace = readWorkspace(`${import.meta.dirname}/..`);
const fences = readFences(workspace, listMarkdown(workspace), ["ts"]);

describe("TypeScript in the documents", () => {
  test("compiles under the project's own strict settings", async () => {
    expect(await checkFences(workspace, fences)).toEqual([]);
  });

  // A block marked `ts no-run` is compiled only: it needs a key, a server or a person.
  test.concurrent.for(
    fences
      .filter(({ mark }) => mark !== "no-run")
      .map((fence) => [`${fence.file}:${fence.line}`, fence] as const),
  )("runs: %s", async ([, fence]) => {
    expect(await runFence(workspace, fence)).toBeUndefined();
  });
});
