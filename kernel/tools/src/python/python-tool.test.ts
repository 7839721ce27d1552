import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { createWorkspaceContext } from "../testing/tool-context.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { ToolContext } from "../tool.ts";
import { createPythonTool } from "./python-tool.ts";
import type { PythonToolOptions } from "./python-tool.ts";

// A script that is ended by force leaves its folder behind.
const temporary = await mkdtemp(join(tmpdir(), "tau-python-test-"));
process.env["TMPDIR"] = temporary;
afterAll(async () => await rm(temporary, { recursive: true }));

async function python(
  code: string,
  context: ToolContext,
  options: PythonToolOptions & { state?: string } = {},
) {
  const { state, ...rest } = options;
  const tools = createToolRegistry({ tools: [createPythonTool(rest)] });
  const run = await tools.execute(
    toolCall("python", { code, ...(state === undefined ? {} : { state }) }),
    context,
  );
  return { text: resultText(run.result), isError: run.result.isError, code: run.code };
}

describe("python", () => {
  test("answers what a script prints, and where it failed", async () => {
    const context = await createWorkspaceContext();
    expect(await python("print('ä' * 3)\nprint(sum(range(10)))", context)).toMatchObject({
      text: "äää\n45",
      isError: false,
    });
    const failed = await python("x = 1\nprint('before')\nx / 0", context);
    expect(failed.isError).toBe(true);
    expect(failed.text).toMatch(/^before\nTraceback[^]*File "script\.py", line 3[^]*ZeroDivisionError/u);
    expect(failed.text).not.toContain("exec(compile");
    expect((await python("import sys; sys.exit(3)", context)).isError).toBe(true);
    expect((await python("import os; os._exit(3)", context)).text).toContain("exit code 3");
  });

  test("is isolated from the workspace's modules and this process's variables, and writes no byte code", async () => {
    const context = await createWorkspaceContext();
    const { workspace } = context.environment.info.profile;
    await writeFile(join(workspace, "json.py"), "raise SystemExit('hijacked')");
    await writeFile(join(workspace, "helper.py"), "value = 1");
    const said = await python(
      "import json, sys, os\nprint(json.dumps([sys.flags.isolated, '' in sys.path, os.getcwd()]))",
      context,
    );

    expect(said.text).toBe(JSON.stringify([1, false, workspace]).replaceAll(",", ", "));
    expect((await python("import helper", context)).text).toContain("ModuleNotFoundError");
    expect((await readdir(workspace)).toSorted()).toEqual(["helper.py", "json.py"]);
  });

  test("keeps files as artifacts, but no links and not too much", async () => {
    const context = await createWorkspaceContext();
    const { text } = await python(
      "import os\nopen(OUT + '/table.csv', 'w').write('a,b')\nos.symlink('/etc/passwd', OUT + '/link')\nos.mkdir(OUT + '/folder')",
      context,
    );
    const id = /^\[table\.csv, 3 bytes, is (artifact:[0-9a-f]+)\.\]$/u.exec(text)?.[1] ?? "";
    expect(Buffer.from(await context.artifacts.read(id)).toString()).toBe("a,b");

    const large = await python("open(OUT + '/big', 'wb').write(bytes(5000))", context, {
      maxFileBytes: 1_000,
    });
    expect(large.text).toContain("too large to keep");
  });

  test("keeps the figures that a script drew and did not save", async () => {
    const context = await createWorkspaceContext();
    // What the runner uses of matplotlib, which is not everywhere.
    const code = `import sys, os, types
class Figure:
    def __init__(self, number): self.number = number
    def savefig(self, path): open(path, "w").write("%d drawn by %s" % (self.number, os.environ["MPLBACKEND"]))
plots = types.ModuleType("matplotlib.pyplot")
plots.get_fignums = lambda: [1, 2]
plots.figure = Figure
sys.modules["matplotlib.pyplot"] = plots
print("done")`;
    const { text, isError } = await python(code, context);
    const id = /\[figure-2\.png, \d+ bytes, is (artifact:[0-9a-f]+)\.\]/u.exec(text)?.[1] ?? "";
    expect([isError, Buffer.from(await context.artifacts.read(id)).toString()]).toEqual([
      false,
      "2 drawn by Agg",
    ]);
    expect(text).toContain("[figure-1.png, ");

    const broken = await python(code.replace("[1, 2]", "1 / 0"), context);
    expect(broken.text).toContain("could not be kept: ZeroDivisionError");
  });

  test("goes on from the state of an earlier script, which is JSON and nothing that runs", async () => {
    const context = await createWorkspaceContext();
    const first = await python("state['n'] = 41", context);
    const state = /\[The state is (artifact:[0-9a-f]+)\.\]/u.exec(first.text)?.[1] ?? "";

    expect((await python("state['n'] += 1\nprint(state['n'])", context, { state })).text).toMatch(
      /^42\n\[The state/u,
    );
    expect((await python("state['f'] = print", context)).text).toContain("could not be kept: TypeError");
    expect((await python("print(state)", context)).text).toBe("{}");
  });

  test("ends a script that takes too long, and says when there is no Python", async () => {
    const context = await createWorkspaceContext();
    expect((await python("while True: pass", context, { timeoutMs: 300 })).code).toBe("tool.timeout");
    expect((await python("1", context, { pythonPath: "/nowhere/python3" })).code).toBe("python.unavailable");
  });

  test("asks the rules as a command", () => {
    expect(createPythonTool().access({ code: "1" }, "/w")).toEqual([
      { kind: "command", source: "python3 -I -B -", cwd: "/w" },
    ]);
  });
});
