import { describe, expect, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";

describe("browser_console", () => {
  test("shows what the page wrote and which errors it had, untrusted, and nothing of the page before", async () => {
    const site = await startSite({
      "/favicon.ico": "",
      "/": `<title>One</title><script>
        console.log("first", 1, { a: 2 }); console.error("\\u202eodd\\nlines");
        onerror = () => document.body.append("broken"); setTimeout(() => { nothing.here(); }, 0);</script><a href="/two">Next</a>`,
      "/two": `<script>console.warn("second")</script><h1>Two</h1>`,
    });
    const { run, use, refOf } = await openBench();
    await use("browser_navigate", { url: site.url });
    await use("browser_wait_for", { text: "broken" });

    const said = await run("browser_console", {});
    expect(textOf(said)).toMatch(
      /^Tab 1 · host .*\nlog: first 1 \{a: 2\}\nerror: .*odd lines\nerror: .*nothing is not defined/u,
    );
    expect(said.result.content[0]?.label?.origins).toEqual(["web", `web:${site.host}`]);
    expect(await use("browser_console_view", { max_lines: 1 })).toMatch(
      /^[^\n]*\n[^\n]*nothing is not defined[^\n]*$/u,
    );

    await use("browser_click", { host: site.host, ref: await refOf("Next") });
    const later = await use("browser_console", {});
    expect(later).toContain("warning: second");
    expect(later).not.toContain("first");
  });

  test("keeps a bounded part of a flood, and the browser goes on", async () => {
    const site = await startSite({
      "/": `<h1>Flood</h1><script>for (let i = 0; i < 5000; i++) console.log("x".repeat(2000), i);</script>`,
    });
    const { use } = await openBench();
    await use("browser_navigate", { url: site.url });

    const said = await use("browser_console", { lines: 200 });
    expect(said).toMatch(/\[What came after \d+ messages is not kept\.\]/u);
    expect(said.length).toBeLessThan(32_000);
    expect(await use("browser_snapshot", {})).toContain("Flood");
  });

  test("says that there is nothing, and asks for a page first", async () => {
    const site = await startSite({ "/": "<h1>Calm</h1>", "/favicon.ico": "" });
    const { run, use } = await openBench();
    expect((await run("browser_console", {})).code).toBe("browser.no_page");
    await use("browser_navigate", { url: site.url });
    expect(await use("browser_console", {})).toContain("(The page wrote nothing.)");
  });
});

describe("browser_hover", () => {
  test("moves the mouse over an element, and shows what opens there", async () => {
    const site = await startSite({
      "/": `<button onmouseenter="menu.hidden = false">Menu</button><ul id="menu" hidden><li>Leave</li></ul>`,
    });
    const { run, use, refOf } = await openBench();
    await use("browser_navigate", { url: site.url });

    const hovered = await use("browser_hover", { host: site.host, ref: await refOf("Menu") });
    expect(hovered).toContain("Leave");
    expect(await use("browser_move_mouse", { host: site.host, ref: await refOf("Leave") })).toContain(
      "Leave",
    );
    const elsewhere = await run("browser_hover", { host: "a.example", ref: "e1" });
    expect(elsewhere.code).toBe("browser.wrong_host");
  });
});
