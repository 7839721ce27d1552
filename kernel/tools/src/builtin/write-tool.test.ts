import { chmod, stat, symlink } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { toolCall } from "../tool-call.test.support.ts";
import { createToolRegistry } from "../tool-registry.ts";
import type { ToolContext } from "../tool.ts";
import { createWorkbench } from "./builtin.test.support.ts";
import { createWriteTool } from "./write-tool.ts";

describe("write", () => {
  it("makes a file and its folders, and may then overwrite what it wrote itself", async () => {
    const bench = await createWorkbench();
    expect(await bench.use("write", { path: "a/b/c.txt", content: "one\ntwo\n" })).toMatch(
      /^Created a\/b\/c\.txt \(2 lines, sha256 \w{12}\)\.$/,
    );
    const run = await bench.run("write", { path: "a/b/c.txt", content: "one\n2\n" });
    expect(run.result.content[0]).toMatchObject({
      text: expect.stringMatching(/^Wrote a\/b\/c\.txt \(\+1 -1/),
    });
    expect(run.details["diff"]).toContain("-two\n+2\n");
    expect(await bench.get("a/b/c.txt")).toBe("one\n2\n");
  });

  it("does not overwrite what the model has not read, or what changed since", async () => {
    const bench = await createWorkbench({ "a.txt": "mine" });
    expect((await bench.run("write", { path: "a.txt", content: "x" })).code).toBe("file.unread");
    await bench.use("read", { path: "a.txt" });
    await bench.put("a.txt", "changed by a formatter");
    expect((await bench.run("write", { path: "a.txt", content: "x" })).code).toBe("file.stale");
    expect(await bench.get("a.txt")).toBe("changed by a formatter");
    await bench.use("read", { path: "a.txt" });
    expect((await bench.run("write", { path: "a.txt", content: "x" })).result.isError).toBe(false);
    expect(await bench.get("a.txt")).toBe("x");
  });

  it("adds at the end of a file, once also when it is run again after a crash", async () => {
    const bench = await createWorkbench({ "log.txt": "\ufeffone\r\n" });
    const call = { path: "log.txt", content: "two\n", append: true };
    expect((await bench.run("write", call)).code).toBe("file.unread");
    await bench.use("read", { path: "log.txt" });
    // As a process leaves it that was killed before it could say so.
    await bench.put("log.txt", "\ufeffone\r\ntwo\r\n");
    expect(await bench.use("write", call)).toContain("has that content already");
    expect(await bench.get("log.txt")).toBe("\ufeffone\r\ntwo\r\n");
    expect(await bench.use("write", { ...call, content: "three\n" })).toContain("Wrote log.txt (+1 -0 lines");
    expect(await bench.get("log.txt")).toBe("\ufeffone\r\ntwo\r\nthree\r\n");
    await bench.put("log.txt", "another one\n");
    expect((await bench.run("write", { ...call, content: "four\n" })).code).toBe("file.stale");
    expect(await bench.use("write", { path: "new.txt", content: "first\n", append: true })).toContain(
      "Created",
    );
    expect(await bench.use("write", { path: "new.txt", content: "", append: true })).toContain("already");
  });

  it("can be run again after a crash that forgot what was read", async () => {
    const bench = await createWorkbench({ "a.txt": "x" });
    expect(await bench.use("write", { path: "a.txt", content: "x" })).toContain("has that content already");
  });

  it("keeps the mode, CRLF, the byte order mark and the symlink of a file", async () => {
    const bench = await createWorkbench({ "run.sh": "\ufeffa\r\nb\r\n" });
    await chmod(join(bench.workspace, "run.sh"), 0o755);
    await symlink("run.sh", join(bench.workspace, "link.sh"));
    await bench.use("read", { path: "run.sh" });
    expect(await bench.use("write", { path: "link.sh", content: "a\nc\n" })).toContain(
      "keeps its CRLF line ends and its byte order mark",
    );
    expect(await bench.get("run.sh")).toBe("\ufeffa\r\nc\r\n");
    expect((await stat(join(bench.workspace, "run.sh"))).mode & 0o777).toBe(0o755);
  });

  it("refuses folders and what the environment forbids", async () => {
    const bench = await createWorkbench({ "src/a.ts": "" });
    expect((await bench.run("write", { path: "src", content: "" })).code).toBe("file.is_directory");
    expect((await bench.run("write", { path: "/etc/tau-test", content: "" })).code).toBe(
      "environment.denied",
    );
  });

  it("does not overwrite a file that appears while it writes a new one", async () => {
    const bench = await createWorkbench();
    const { environment } = bench.context;
    const racing: ToolContext = {
      ...bench.context,
      environment: {
        ...environment,
        writeFile: async (path, data, options, signal) => {
          await bench.put("a.txt", "somebody else's");
          await environment.writeFile(path, data, options, signal);
        },
      },
    };
    const registry = createToolRegistry({ tools: [createWriteTool()] });
    const run = await registry.execute(toolCall("write", { path: "a.txt", content: "x" }), racing);
    expect(run.code).toBe("environment.exists");
    expect(await bench.get("a.txt")).toBe("somebody else's");
  });
});
