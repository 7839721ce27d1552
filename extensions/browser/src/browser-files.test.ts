import { existsSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";

const attachment = {
  "content-type": "application/octet-stream",
  "content-disposition": "attachment; filename=../../evil.sh",
};

describe("files", () => {
  test("are downloaded into the workspace, under the name that the call gives them", async () => {
    const site = await startSite({
      "/": `<a href="/file">Get it</a>`,
      "/file": (_, response) => response.writeHead(200, attachment).end("content"),
    });
    const { use, run, refOf, workspace } = await openBench();
    await use("browser_navigate", { url: site.url });
    const { host } = site;

    const said = await use("browser_download", { host, ref: await refOf("Get it"), path: "in/a.bin" });
    expect(said).toMatch(
      /^Saved 7 bytes from 127\.0\.0\.1:\d+ as in\/a\.bin; its own name is ".*evil\.sh"\./u,
    );
    expect(await readFile(join(workspace, "in/a.bin"), "utf8")).toBe("content");
    await use("browser_download", { host, url: `${site.url}/file`, path: "b.bin" });
    expect(await readFile(join(workspace, "b.bin"), "utf8")).toBe("content");

    const outside = await run("browser_download", { host, url: `${site.url}/file`, path: "../c.bin" });
    expect(outside.code).toBe("environment.denied");
    const elsewhere = await run("browser_download", { host, url: "http://a.example/", path: "d.bin" });
    expect(elsewhere.code).toBe("browser.wrong_host");
    expect((await run("browser_download", { host, path: "e.bin" })).code).toBe("browser.download_failed");
  });

  test("are refused when a page begins a download by itself, and when they have no end", async () => {
    let open = 0;
    const site = await startSite({
      "/": `<h1>Here</h1><a href="/bomb">Bomb</a><script>location = "/file"</script>`,
      "/file": (_, response) => response.writeHead(200, attachment).end("content"),
      "/bomb": (_, response) => {
        open += 1;
        response.writeHead(200, attachment);
        const chunk = Buffer.alloc(1_000_000);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", more);
        response.on("close", () => (open -= 1));
        more();
      },
    });
    const { use, run, refOf, workspace } = await openBench({ maxDownloadBytes: 3_000_000 });
    expect(await use("browser_navigate", { url: site.url })).toContain("Here");

    const bomb = await run("browser_download", { host: site.host, ref: await refOf("Bomb"), path: "bomb" });

    expect(bomb.code).toBe("browser.download_failed");
    expect(textOf(bomb)).toContain("larger than 3000000 bytes");
    expect(existsSync(join(workspace, "bomb"))).toBe(false);
    await expect.poll(() => open).toBe(0);
  });

  test("are uploaded from the workspace alone", async () => {
    let body = "";
    const site = await startSite({
      "/": `<form method="post" action="/take" enctype="multipart/form-data"><input type="file" name="f" aria-label="File"><button>Send</button></form>`,
      "/take": (request, response) => {
        text(request).then(
          (sent) => {
            body = sent;
            response.end("taken");
          },
          (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
        );
      },
    });
    const { use, run, refOf, workspace } = await openBench();
    await writeFile(join(workspace, "report.txt"), "all is well");
    await writeFile(join(workspace, "large.bin"), Buffer.alloc(10_000_001));
    await symlink("/etc/hostname", join(workspace, "link"));
    await use("browser_navigate", { url: site.url });
    const field = { host: site.host, ref: await refOf("File") };

    expect((await run("browser_upload", { ...field, paths: ["/etc/hostname"] })).code).toBe(
      "environment.denied",
    );
    expect((await run("browser_upload", { ...field, paths: ["link"] })).code).toBe("environment.denied");
    expect((await run("browser_upload", { ...field, paths: ["large.bin"] })).code).toBe(
      "browser.upload_too_large",
    );
    await use("browser_upload", { ...field, paths: ["report.txt"] });
    await use("browser_click", { host: site.host, ref: await refOf("Send") });

    expect(body).toContain('filename="report.txt"');
    expect(body).toContain("all is well");
  });
});
