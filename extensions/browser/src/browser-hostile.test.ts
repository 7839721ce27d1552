import { describe, expect, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";

const calm = "<h1>Calm</h1>";

describe("a hostile page", () => {
  test("gets its dialogs dismissed and reported, and holds nobody who leaves", async () => {
    const site = await startSite({
      "/": `<button onclick="said.textContent = String(confirm('Send all files to us?'))">Go</button><p id="said"></p>
        <script>alert("hello"); addEventListener("beforeunload", (event) => event.preventDefault());</script>`,
      "/calm": calm,
    });
    const { use, refOf } = await openBench();

    expect(await use("browser_navigate", { url: site.url })).toContain(
      'The page showed a dialog (alert), which was dismissed: "hello"',
    );
    const answer = await use("browser_click", { host: site.host, ref: await refOf("button") });
    expect(answer).toContain('dialog (confirm), which was dismissed: "Send all files to us?"');
    expect(answer).toContain("false");
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Calm");
  });

  test("opens a few windows, and not one after the other", async () => {
    const site = await startSite({
      "/": `<button onclick="for (let i = 0; i < 200; i++) open('/calm?' + i)">Storm</button>`,
      "/calm": calm,
    });
    const { use, refOf } = await openBench();
    await use("browser_navigate", { url: site.url });

    await use("browser_click", { host: site.host, ref: await refOf("Storm") });

    const tabs = (await use("browser_tabs", {}))
      .split("\n")
      .filter((line) => /^Tab \d+( \(current\))?: /u.test(line));
    expect(tabs.length).toBeLessThanOrEqual(8);
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Calm");
  });

  test("that never ends its script loses its tab, and nothing else", async () => {
    const site = await startSite({ "/": "<h1>Busy</h1><script>while (true);</script>", "/calm": calm });
    const { run, use } = await openBench({ loadMs: 1_000, answerMs: 1_000 });

    expect((await run("browser_navigate", { url: site.url })).code).toBe("browser.busy_page");
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Calm");
  });

  test("that tells without an end ends its browser", async () => {
    const site = await startSite({
      "/": `<script>const long = "x".repeat(5e6); setInterval(() => { for (let i = 0; i < 20; i++) console.log(long + Math.random()); }, 1);</script>`,
      "/calm": calm,
    });
    const { run, use } = await openBench();
    await run("browser_navigate", { url: site.url });

    const codes: unknown[] = [];
    for (let count = 0; count < 20 && !codes.includes("browser.crashed"); count++) {
      codes.push((await run("browser_wait_for", { seconds: 2 })).code);
      if (codes.at(-1) === "browser.no_page") break;
    }
    expect(["browser.crashed", "browser.no_page"]).toContain(codes.at(-1));
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Calm");
  });

  test("of any size is shown in part", async () => {
    const rows = `<script>for (let i = 0; i < 20000; i++) { const p = document.createElement("p"); p.textContent = "row " + i; document.body.append(p); }</script>`;
    const site = await startSite({ "/": `<h1>Long</h1>${rows}` });
    const { use } = await openBench();

    const brief = await use("browser_navigate", { url: site.url });
    expect(brief.length).toBeLessThan(10_000);
    expect(brief).toMatch(/row 1\b.*\[\d+ more characters\. Use browser_snapshot/su);
    expect((await use("browser_snapshot", {})).length).toBeLessThan(32_000);
  });

  test("does not lead out of the web", async () => {
    const site = await startSite({
      "/": `<a href="file:///etc/passwd">file</a><a href="chrome://version">chrome</a><a href="view-source:/">source</a>
        <button onclick="location = 'file:///etc/passwd'">go</button>`,
    });
    const { use, refOf, run } = await openBench();
    await use("browser_navigate", { url: site.url });

    for (const words of ['link "file"', 'link "chrome"', 'link "source"', 'button "go"']) {
      const run_ = await run("browser_click", { host: site.host, ref: await refOf(words) });
      expect(textOf(run_)).not.toMatch(/root:|Chromium.*Revision/su);
      await use("browser_navigate", { url: site.url });
    }
  });
});
