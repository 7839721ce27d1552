import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";
import { findChromium } from "./find-chromium.ts";

/** What a Chromium that a page took over does when a download begins, with `text` for what it is about to tell. */
const attacks = {
  "puts a link in the place of its folder": `
    fs.rmSync(downloads, { recursive: true });
    fs.symlinkSync(victim, downloads);`,
  "says that the download is another file": `
    text = text.replaceAll(/"guid":"[^"]*"/g, '"guid":' + JSON.stringify(path.relative(downloads, victim) + "/diary"));
    text = text.replaceAll('"state":"inProgress"', '"state":"completed"');`,
  "puts a link in the place of the file": `
    const guid = /"guid":"([^"]*)"/.exec(text)[1];
    fs.rmSync(path.join(downloads, guid), { force: true });
    fs.symlinkSync(path.join(victim, "diary"), path.join(downloads, guid));`,
  "puts a folder with a link in it beside the file": `
    fs.mkdirSync(path.join(downloads, "folder"), { recursive: true });
    fs.rmSync(path.join(downloads, "folder", "link"), { force: true });
    fs.symlinkSync(victim, path.join(downloads, "folder", "link"));`,
} as const;

/** A program that is Chromium but for what it says and does about downloads. */
const program = (victim: string, attack: string): string => `#!${process.execPath}
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const victim = ${JSON.stringify(victim)};
const profile = process.argv.find((word) => word.startsWith("--user-data-dir=")).slice(16);
const downloads = path.join(path.dirname(profile), "downloads");
const chromium = spawn(${JSON.stringify(findChromium())}, process.argv.slice(2), { stdio: ["ignore", "ignore", "ignore", 3, "pipe"] });
let pending = "";
chromium.stdio[4].setEncoding("utf8").on("data", (chunk) => {
  const texts = (pending + chunk).split("\\0");
  pending = texts.pop();
  for (let text of texts) {
    if (text.includes('"method":"Browser.download')) { ${attack} }
    fs.writeSync(4, text + "\\0");
  }
});
chromium.on("exit", () => process.exit());
`;

describe("a Chromium that a page took over", () => {
  test.each(Object.entries(attacks))(
    "gets no file of this machine read or removed when it %s",
    async (_, attack) => {
      const base = await realpath(await mkdtemp(join(tmpdir(), "tau-hostile-chromium-")));
      onTestFinished(async () => await rm(base, { recursive: true }));
      await writeFile(join(base, "diary"), "dear diary");
      await writeFile(join(base, "chromium"), program(base, attack), { mode: 0o755 });
      const site = await startSite({
        "/": "<h1>Here</h1>",
        "/file": (_request, response) =>
          response.writeHead(200, { "content-disposition": "attachment; filename=a" }).end("content"),
      });
      const bench = await openBench({ program: join(base, "chromium") });
      await bench.use("browser_navigate", { url: site.url });
      const stop = new AbortController();
      const context = {
        ...bench.context,
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(4_000)]),
      };

      const said = await bench
        .run("browser_download", { host: site.host, url: `${site.url}/file`, path: "got" }, context)
        .then(textOf, String);
      await bench.endRun();

      expect(existsSync(join(base, "diary"))).toBe(true);
      const got = join(bench.workspace, "got");
      if (existsSync(got)) expect(said).not.toContain("10 bytes");
    },
  );
});
