import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";

/** Writes down every module that is loaded. */
const spy = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write("LOADED " + url + "\\n"); return next(url, context); } });`;

test("`tau --help` loads its own small files, the words of the core, and nothing else", async () => {
  await using place = await createPlace();
  const path = join(place.base, "spy.mjs");
  await writeFile(path, spy);
  const { code, stderr } = await place.spawn(["--help"], { env: { NODE_OPTIONS: `--import=${path}` } }).ended;
  expect(code).toBe(0);
  const loaded = [...stderr.matchAll(/^LOADED (.*)$/gmu)].map(([, url = ""]) => url);
  expect(
    loaded.filter((url) => url.startsWith("file:") && !/\/(apps\/cli|kernel\/core)\/src\//u.test(url)),
  ).toEqual([]);
  expect(loaded.filter((url) => url.includes("/apps/cli/src/")).length).toBeLessThan(15);
  // Whatever talks, stores or starts processes.
  expect(
    loaded.filter((url) => /^node:(http|https|http2|net|sqlite|child_process|worker_threads)$/u.test(url)),
  ).toEqual([]);
});
