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

  test("opens one window for a click, and not more than there may be", async () => {
    const site = await startSite({
      "/": `<button onclick="for (let i = 0; i < 200; i++) window.open('/calm?' + i)">Storm</button>`,
      "/calm": calm,
    });
    const { use, refOf } = await openBench();
    const tabs = async (): Promise<number> =>
      (await use("browser_tabs", {})).match(/^Tab \d+( \(current\))?: /gmu)?.length ?? 0;
    await use("browser_navigate", { url: site.url });
    const button = { host: site.host, ref: await refOf("Storm") };

    const first = await use("browser_click", button);
    expect(first).toContain("Tab 2 was opened by a page. To go there, use browser_tabs.");
    expect(await tabs()).toBe(2);
    const said: string[] = [];
    for (let count = 0; count < 7; count++) said.push(await use("browser_click", button));

    expect(said.join("\n")).toContain("There are 8 tabs, which is as many as there may be");
    expect(await tabs()).toBe(8);
    expect(await use("browser_tabs", { select: 2, close: 3 })).toContain(`Tab 2 (current): ${site.host}`);
    expect(await tabs()).toBe(7);
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Tab 2");
  });

  test("that never ends its script loses its tab, and nothing else", async () => {
    const site = await startSite({ "/": "<h1>Busy</h1><script>while (true);</script>", "/calm": calm });
    const { run, use } = await openBench({ loadMs: 1_000, answerMs: 1_000 });

    expect((await run("browser_navigate", { url: site.url })).code).toBe("browser.busy_page");
    expect(await use("browser_navigate", { url: `${site.url}/calm` })).toContain("Calm");
  });

  test("that tells without an end ends its browser", async () => {
    const site = await startSite({
      "/": `<h1>Loud</h1><script>const long = "x".repeat(2e6); setInterval(() => console.log(long + Math.random()), 5);</script>`,
      "/calm": calm,
    });
    const { run, use } = await openBench();
    await run("browser_navigate", { url: site.url });

    const waiting = await run("browser_wait_for", { text: "never", seconds: 60 });

    expect(waiting.code).toBe("browser.crashed");
    expect(textOf(waiting)).toContain("The pages told far more");
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
