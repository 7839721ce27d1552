import { readdirSync, readFileSync } from "node:fs";

import { createHostEnvironment } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";
import { findChromium } from "./find-chromium.ts";

/** How many processes of this machine have a text in their command line. */
function processesWith(text: string): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    }).length;
}

/** A bench that tells the folder of its latest browser. */
async function benchWithFolder(
  idleMs?: number,
): Promise<{ folder(): string; bench: Awaited<ReturnType<typeof openBench>> }> {
  let folder = "";
  const bench = await openBench({
    ...(idleMs === undefined ? {} : { idleMs }),
    openEnvironment: async ({ workspace }) => {
      folder = workspace;
      return createHostEnvironment({ profile: { access: "full", workspace, network: true } });
    },
  });
  return { bench, folder: () => folder };
}

const cookie = `<script>document.title = document.cookie || "none"; document.cookie = "seen=1";</script>`;

describe("the life of a browser", () => {
  test("begins with the first page, and ends with its run: processes, profile and cookies", async () => {
    const site = await startSite({ "/": cookie });
    const { bench, folder } = await benchWithFolder();
    expect((await bench.run("browser_snapshot", {})).code).toBe("browser.no_page");
    expect(folder()).toBe("");

    expect(await bench.use("browser_navigate", { url: site.url })).toContain("Title: none");
    expect(await bench.use("browser_navigate", { url: site.url })).toContain("Title: seen=1");
    const first = folder();
    expect(processesWith(first)).toBeGreaterThan(0);

    await bench.endRun();
    expect(processesWith(first)).toBe(0);
    expect(() => readdirSync(first)).toThrow("ENOENT");
    expect(await bench.use("browser_navigate", { url: site.url })).toContain("Title: none");
    expect(folder()).not.toBe(first);

    expect(await bench.use("browser_close", {})).toBe("The browser is closed.");
    expect(processesWith(folder())).toBe(0);
  });

  test("is one run's, in the same environment too", async () => {
    const site = await startSite({ "/": cookie });
    const bench = await openBench();
    const input = { url: site.url };
    const other = { ...bench.context, call: { ...bench.context.call, tenant: "other" } };
    await bench.use("browser_navigate", input);

    expect((await bench.run("browser_snapshot", {}, other)).code).toBe("browser.no_page");
    expect(textOf(await bench.run("browser_navigate", input, other))).toContain("Title: none");
    expect(await bench.use("browser_navigate", input)).toContain("Title: seen=1");
  });

  test("ends when nobody calls it for long", async () => {
    const site = await startSite({ "/": cookie });
    const { bench, folder } = await benchWithFolder(300);
    await bench.use("browser_navigate", { url: site.url });

    await expect.poll(() => processesWith(folder()), { timeout: 30_000 }).toBe(0);
    expect((await bench.run("browser_snapshot", {})).code).toBe("browser.no_page");
  });

  test("says that it ended when it was ended from outside", async () => {
    const site = await startSite({ "/": cookie, "/wait": () => undefined });
    const ends: (() => Promise<void>)[] = [];
    const bench = await openBench({
      openEnvironment: async ({ workspace }) => {
        const environment = createHostEnvironment({ profile: { access: "full", workspace, network: true } });
        ends.push(async () => await environment[Symbol.asyncDispose]());
        return environment;
      },
    });
    await bench.use("browser_navigate", { url: site.url });

    const waiting = bench.run("browser_wait_for", { text: "never", seconds: 60 });
    await ends[0]?.();

    expect((await waiting).code).toBe("browser.crashed");
    expect(await bench.use("browser_navigate", { url: site.url })).toContain("Title: none");
  });

  test("ends a call that is cancelled, and not the browser", async () => {
    const asked = Promise.withResolvers<undefined>();
    const site = await startSite({ "/": cookie, "/wait": () => asked.resolve(undefined) });
    const bench = await openBench({ loadMs: 2_000 });
    await bench.use("browser_navigate", { url: site.url });
    const stop = new AbortController();

    const call = bench.run(
      "browser_navigate",
      { url: `${site.url}/wait` },
      { ...bench.context, signal: stop.signal },
    );
    await asked.promise;
    stop.abort(new Error("cancelled"));

    await expect(call).rejects.toThrow("cancelled");
    expect(await bench.use("browser_navigate", { url: site.url })).toContain("Title: seen=1");
  });

  test("does not begin where nothing confines it, where it is not, or with something else", async () => {
    const url = "http://a.example/";
    const unconfined = await openBench({ allowUnconfined: false });
    expect((await unconfined.run("browser_navigate", { url })).code).toBe("browser.unconfined");
    const missing = await openBench({ program: "/nowhere/chromium" });
    expect((await missing.run("browser_navigate", { url })).code).toBe("browser.not_found");
    const other = await openBench({ program: findChromium("true") });
    expect((await other.run("browser_navigate", { url })).code).toBe("browser.not_started");
  });
});
