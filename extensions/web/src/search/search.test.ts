import { createWorkspaceContext } from "@tau/tools/testing";
import { describe, expect, it } from "vitest";

import type { TestServer } from "../web.test.support.ts";
import { startServer, textOf } from "../web.test.support.ts";
import { createBraveSearch } from "./brave-search.ts";
import { createSearchTool } from "./search-tool.ts";
import { createSearxngSearch } from "./searxng-search.ts";
import { createTavilySearch } from "./tavily-search.ts";
import type { WebSearch } from "./web-search.ts";

const signal = new AbortController().signal;
const query = { text: "what is tau?", count: 2 };

const found = {
  brave: {
    type: "search",
    query: { original: "what is tau?" },
    web: {
      type: "search",
      results: [
        {
          title: "Tau",
          url: "https://a.example/",
          description: "A <strong>kernel</strong>.",
          page_age: "2026-11-01T00:00:00",
        },
        { title: "Trap", url: "javascript:alert(1)", description: "x" },
        { title: "Second", url: "https://b.example/", description: "More." },
        { title: "Third", url: "https://c.example/", description: "Too many." },
      ],
    },
  },
  tavily: {
    query: "what is tau?",
    response_time: 1.2,
    results: [
      {
        title: "Tau",
        url: "https://a.example/",
        content: "A kernel.",
        score: 0.9,
        published_date: "2026-11-01T00:00:00",
      },
      { title: "Second", url: "https://b.example/", content: "More.", score: 0.5, published_date: null },
    ],
  },
  searxng: {
    query: "what is tau?",
    number_of_results: 2,
    results: [
      {
        title: "Tau",
        url: "https://a.example/",
        content: "A kernel.",
        engine: "x",
        publishedDate: "2026-11-01T00:00:00",
      },
      { title: "Second", url: "https://b.example/", content: "More.", engine: "x", publishedDate: null },
    ],
  },
};

function serviceFor(name: keyof typeof found, { url }: TestServer): WebSearch {
  const options = { fetch, baseUrl: url, apiKey: () => "key-1" };
  if (name === "brave") return createBraveSearch(options);
  return name === "tavily" ? createTavilySearch(options) : createSearxngSearch(options);
}

describe.each(["brave", "tavily", "searxng"] as const)("the search service %s", (name) => {
  it("finds results", async () => {
    const server = await startServer((_, response) => response.end(JSON.stringify(found[name])));
    expect(await serviceFor(name, server).search(query, signal)).toEqual([
      { title: "Tau", url: "https://a.example/", snippet: "A kernel.", published: "2026-11-01T00:00:00" },
      { title: "Second", url: "https://b.example/", snippet: "More." },
    ]);
    expect(serviceFor(name, server)).toMatchObject({ name, host: server.host });
  });

  it("finds nothing where there is nothing, or nothing that makes sense", async () => {
    for (const answer of [
      "{}",
      "[]",
      '{"results":{},"web":{"results":3}}',
      '{"results":[1,{"url":5}],"web":{"results":[null]}}',
    ]) {
      const server = await startServer((_, response) => response.end(answer));
      expect(await serviceFor(name, server).search(query, signal)).toEqual([]);
    }
  });

  it.each([
    [401, "permanent"],
    [429, "retryable"],
    [503, "retryable"],
  ])("fails with status %i, without the service's words", async (status, errorClass) => {
    const server = await startServer((_, response) => response.writeHead(status).end("key-1 is not valid"));
    const failure: unknown = await serviceFor(name, server)
      .search(query, signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "web.search_failed",
      class: errorClass,
      message: expect.stringContaining(String(status)),
    });
    expect(failure instanceof Error ? failure.message : "").not.toContain("key-1");
  });

  it("fails when the answer is not JSON", async () => {
    const server = await startServer((_, response) => response.end("<html>"));
    await expect(serviceFor(name, server).search(query, signal)).rejects.toMatchObject({
      code: "web.search_failed",
    });
  });
});

describe("what is sent", () => {
  const sentBy = async (name: keyof typeof found): Promise<TestServer["requests"][number] | undefined> => {
    const server = await startServer((_, response) => response.end("{}"));
    await serviceFor(name, server).search(query, signal);
    return server.requests[0];
  };

  it("to Brave is a query and the key in a header", async () => {
    expect(await sentBy("brave")).toMatchObject({
      line: "GET /res/v1/web/search?q=what+is+tau%3F&count=2&text_decorations=false",
      headers: { "x-subscription-token": "key-1" },
    });
  });

  it("to Tavily is JSON and the key as a bearer token", async () => {
    const request = await sentBy("tavily");
    expect(request).toMatchObject({ line: "POST /search", headers: { authorization: "Bearer key-1" } });
    expect(JSON.parse(request?.body ?? "")).toEqual({
      query: "what is tau?",
      max_results: 2,
      search_depth: "basic",
    });
  });

  it("to SearXNG is a query for JSON, below the server's own path", async () => {
    expect((await sentBy("searxng"))?.line).toBe("GET /search?q=what+is+tau%3F&format=json");
    const server = await startServer((_, response) => response.end("{}"));
    await createSearxngSearch({ fetch, baseUrl: `${server.url}/searx` }).search(query, signal);
    expect(server.requests[0]?.line).toBe("GET /searx/search?q=what+is+tau%3F&format=json");
  });
});

describe("web_search", () => {
  it("lists what was found, labelled with everybody who had a say", async () => {
    const server = await startServer((_, response) => response.end(JSON.stringify(found.brave)));
    const tool = createSearchTool(serviceFor("brave", server));

    const output = await tool.execute({ query: "what is tau?" }, await createWorkspaceContext());

    expect(textOf(output)).toBe(
      "1. Tau\n   https://a.example/\n   2026-11-01T00:00:00\n   A kernel.\n\n2. Second\n   https://b.example/\n   More.\n\n3. Third\n   https://c.example/\n   Too many.",
    );
    expect(output.label).toMatchObject({
      integrity: "untrusted",
      origins: [`web:${server.host}`, "web:a.example", "web:b.example", "web:c.example"].toSorted(),
    });
    expect(tool).toMatchObject({ sideEffect: "pure", label: { integrity: "untrusted" } });
    expect(tool.access({ query: "x" }, "/")).toEqual([{ kind: "network", host: server.host }]);
    expect(server.requests[0]?.line).toContain("count=8");
  });

  it("says when nothing was found", async () => {
    const server = await startServer((_, response) => response.end("{}"));
    const output = await createSearchTool(serviceFor("brave", server)).execute(
      { query: "x" },
      await createWorkspaceContext(),
    );
    expect(textOf(output)).toBe("Nothing was found.");
  });
});
