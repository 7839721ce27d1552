import { createHash } from "node:crypto";
import { symlink, truncate } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { prepareCall } from "../prepare-call.ts";
import { resultText, toolCall } from "../tool-call.test.support.ts";
import { createWorkbench } from "./builtin.test.support.ts";
import { createReadTool } from "./read-tool.ts";

describe("read", () => {
  it("shows a file with its lines, its hash and nothing else", async () => {
    const bench = await createWorkbench({ "a.txt": "one\ntwo\n" });
    const hash = createHash("sha256").update("one\ntwo\n").digest("hex").slice(0, 12);
    expect(await bench.use("read", { path: "a.txt" })).toBe(
      `a.txt (lines 1-2 of 2, sha256 ${hash})\none\ntwo`,
    );
    expect(await bench.use("read", { path: join(bench.workspace, "x/../a.txt") })).toContain(
      "a.txt (lines 1-2",
    );
  });

  it("pages by lines and says how to continue", async () => {
    const lines = Array.from({ length: 4500 }, (_, index) => `line ${index + 1}`);
    const bench = await createWorkbench({ "long.txt": lines.join("\n") });
    const first = await bench.use("read", { path: "long.txt" });
    expect(first).toContain("lines 1-2000 of 4500");
    expect(first.endsWith("line 2000\n[2500 more lines. Continue with offset 2001.]")).toBe(true);
    const last = await bench.use("read", { path: "long.txt", offset: 4499, limit: 10 });
    expect(last.split("\n").slice(1)).toEqual(["line 4499", "line 4500"]);
    const past = await bench.run("read", { path: "long.txt", offset: 4501 });
    expect(past.result.isError).toBe(true);
    expect(past.result.content[0]).toMatchObject({ text: expect.stringContaining("has only 4500 lines") });
  });

  it("stops before 50 KB without showing a part of a line, and clips endless lines", async () => {
    const bench = await createWorkbench({
      "wide.txt": Array.from({ length: 200 }, () => "x".repeat(999)).join("\n"),
      "endless.txt": `${"y".repeat(1_000_000)}\nend`,
    });
    const wide = await bench.use("read", { path: "wide.txt" });
    expect(wide).toContain("lines 1-50 of 200");
    expect(wide).toContain("Continue with offset 51.");
    const endless = await bench.use("read", { path: "endless.txt" });
    expect(endless).toContain(`${"y".repeat(2000)}… [line clipped: 1000000 characters]\nend`);
  });

  it("copes with empty files, CRLF, byte order marks and broken encodings", async () => {
    const bench = await createWorkbench({ "empty.txt": "", "dos.txt": "\ufeffone\r\ntwo\r\n" });
    await bench.put("latin.txt", Buffer.from([0x61, 0xe9, 0x0a]));
    expect(await bench.use("read", { path: "empty.txt" })).toContain("empty.txt is empty");
    const dos = await bench.use("read", { path: "dos.txt" });
    expect(dos).toContain("CRLF line ends, byte order mark");
    expect(dos.endsWith("\none\ntwo")).toBe(true);
    expect(await bench.use("read", { path: "latin.txt" })).toContain("not valid UTF-8");
  });

  it("gives pictures as pictures and names other binaries", async () => {
    const bench = await createWorkbench();
    const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(20)]);
    await bench.put("logo.txt", png);
    await bench.put("doc.pdf", "%PDF-1.7 …");
    await bench.put("data.bin", Buffer.from([1, 2, 0, 3]));
    const run = await bench.run("read", { path: "logo.txt" });
    expect(run.result.content[1]).toEqual({
      type: "image",
      mediaType: "image/png",
      source: { kind: "base64", data: png.toString("base64") },
    });
    expect(await bench.use("read", { path: "doc.pdf" })).toMatch(/^file\.not_text: doc\.pdf is a PDF/);
    expect((await bench.run("read", { path: "data.bin" })).code).toBe("file.not_text");
  });

  it("shows no picture to a model that is known to take none, and says what to do", async () => {
    const png = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(20)]);
    for (const image of ["no", "unknown", "yes"] as const) {
      const bench = await createWorkbench({}, { takes: { image, file: "unknown" } });
      await bench.put("logo.png", png);
      const run = await bench.run("read", { path: "logo.png" });
      expect(run.code).toBe(image === "no" ? "tool.no_vision" : undefined);
      expect(resultText(run.result)).toMatch(image === "no" ? /logo\.png is a picture.* OCR/ : /\[image\]$/);
    }
  });

  it("refuses to load huge files and shows no huge pictures", async () => {
    const bench = await createWorkbench({ "huge.log": "x" });
    await truncate(join(bench.workspace, "huge.log"), 20_000_001);
    const run = await bench.run("read", { path: "huge.log" });
    expect(run.code).toBe("file.too_large");
    expect(resultText(run.result)).toContain("20000001 bytes");
    await bench.put(
      "huge.png",
      Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(4_000_000)]),
    );
    expect((await bench.run("read", { path: "huge.png" })).code).toBe("file.too_large");
    const wide = Buffer.from("89504e470d0a1a0a0000000d494844520000232800000014", "hex");
    await bench.put("wide.png", wide);
    expect(await bench.use("read", { path: "wide.png" })).toMatch(/^file\.too_large: .*9000 × 20 pixels/);
    wide.writeUInt32BE(8000, 16);
    await bench.put("wide.png", wide);
    expect(await bench.use("read", { path: "wide.png" })).toContain("image/png, 8000 × 20 pixels, 24 bytes");
  });

  it("says what to do about folders, missing files and a tilde", async () => {
    const bench = await createWorkbench({ "src/a.ts": "" });
    expect(await bench.use("read", { path: "src" })).toMatch(/^file\.is_directory: .*glob/);
    expect(await bench.use("read", { path: "src/b.ts" })).toContain('{"pattern": "**/b.ts"}');
    expect(await bench.use("read", { path: "~/a.ts" })).toMatch(/^tool\.invalid_arguments: .*absolute path/);
    expect(await bench.use("read", { path: "a\0b" })).toMatch(/^tool\.invalid_arguments/);
  });

  it("reads artifacts by their id", async () => {
    const bench = await createWorkbench();
    const { id } = await bench.context.artifacts.save("log", "text/plain", Buffer.from("a\nb\n"));
    expect(await bench.use("read", { path: id, offset: 2 })).toMatch(/lines 2-2 of 2.*\nb$/s);
    expect((await bench.run("read", { path: "artifact:00" })).code).toBe("artifact.not_found");
  });

  it("asks for permission on the path that a symlink leads to, too", async () => {
    const bench = await createWorkbench({ "real/secret.txt": "s" });
    await symlink(join(bench.workspace, "real"), join(bench.workspace, "link"));
    const prepared = await prepareCall(
      createReadTool(),
      toolCall("read", { path: "link/secret.txt" }),
      bench.context,
    );
    expect(prepared).toMatchObject({
      ok: true,
      access: [
        { kind: "read", path: join(bench.workspace, "link/secret.txt") },
        { kind: "read", path: join(bench.workspace, "real/secret.txt") },
      ],
    });
  });
});
