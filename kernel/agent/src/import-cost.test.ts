import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, test } from "vitest";

test("importing the package loads neither undici nor the parts that only a call needs", async () => {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    console.log(JSON.stringify(loaded));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@tau/source",
    "--input-type=module",
    "--eval",
    script,
  ]);

  const loaded: readonly string[] = JSON.parse(stdout);
  expect(loaded.some((url) => url.endsWith("/agent/src/index.ts"))).toBe(true);
  expect(
    loaded.filter((url) => /undici|decoder|sse|wire-exchange|http-response|catalog\/data/.test(url)),
  ).toEqual([]);
});
