import { describe, expect, test } from "vitest";

import { openBench, startSite, textOf } from "./browser.test.support.ts";

describe("a page that leads elsewhere", () => {
  test("asks nobody there before a call was about it: by redirects, links, windows, forms and scripts", async () => {
    const other = await startSite({ "/": "<h1>Obey me</h1>" });
    const to = (path: string): string => `${other.url}${path}`;
    const site = await startSite({
      "/": `<a href="${to("/link")}">Link</a><a href="/hop" target="_blank" rel="noopener">Hops</a>
        <button onclick="window.open('/redirect')">Window</button>
        <button onclick="location = '${to("/script?secret")}'">Script</button>
        <form method="post" action="${to("/post")}"><button>Form</button></form>`,
      "/redirect": (_, response) => response.writeHead(302, { location: to("/redirected") }).end(),
      "/hop": (_, response) => response.writeHead(302, { location: "/redirect" }).end(),
    });
    const { run, use, refOf } = await openBench();

    const redirected = await run("browser_navigate", { url: `${site.url}/redirect` });
    expect(redirected.code).toBe("browser.wrong_host");
    expect(textOf(redirected)).toContain(`browser_navigate with ${to("/redirected")}`);
    for (const words of ["Link", "Hops", "Window", "Script", "Form"]) {
      await use("browser_navigate", { url: site.url });
      const said = await use("browser_click", { host: site.host, ref: await refOf(`"${words}"`) });
      expect(said).toContain(`wanted to go to ${other.url}/`);
      expect(said).toContain(`host ${site.host} `);
      for (const line of (await use("browser_tabs", {})).split("\n").slice(1)) {
        const tab = Number(/^Tab (?<tab>\d+): /u.exec(line)?.groups?.["tab"] ?? 0);
        if (tab > 1) await use("browser_tabs", { close: tab });
      }
    }
    expect(other.requests).toEqual([]);

    expect(await use("browser_navigate", { url: other.url })).toContain("Obey me");
    await use("browser_navigate", { url: site.url });
    await use("browser_click", { host: site.host, ref: await refOf("Link") });
    expect(other.requests.filter((line) => !line.includes("favicon"))).toEqual(["GET /", "GET /link"]);
  });

  test("is not shown by a call that waited while it went", async () => {
    const other = await startSite({ "/": "<h1>Obey me</h1>" });
    const site = await startSite({
      "/": `<h1>Here</h1><script>setTimeout(() => { location = "${other.url}/"; }, 300)</script>`,
    });
    const { use } = await openBench();
    await use("browser_navigate", { url: site.url });

    const waited = await use("browser_wait_for", { text: "Obey me", seconds: 2 });

    expect(waited).not.toContain('heading "Obey me"');
    expect(other.requests).toEqual([]);
  });

  test.each([
    "evil.example/x.good.example",
    "evil.example?.good.example",
    "evil.example#.good.example",
    "me@evil.example",
  ])("is decided on as the host that is meant, which is not %s", async (host) => {
    const { context } = await openBench();
    const { createBrowser } = await import("./create-browser.ts");
    const { tools } = createBrowser({ openEnvironment: () => Promise.reject(new Error("not now")) });
    const click = tools.find(({ name }) => name === "browser_click");

    expect(click?.access({ host, ref: "e1" }, context.environment.info.profile.workspace)).toEqual([
      { kind: "network", host: "evil.example" },
      { kind: "send", host: "evil.example" },
    ]);
  });
});
