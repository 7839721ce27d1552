import { describe, expect, it } from "vitest";

import { plainHtml } from "./plain-html.ts";
import { toMarkdown } from "./to-markdown.ts";

const signal = new AbortController().signal;
const paragraph =
  "A sentence that is long enough to be taken for the text of an article, with commas, and more. ";

describe("toMarkdown()", () => {
  it("keeps the article and leaves out what stands around it", async () => {
    const html = `<html><head><title>Name of the page</title></head><body>
      <div class="sidebar"><a href="/a">Advertisement</a></div>
      <main><article><h2>Part</h2>${`<p>${paragraph.repeat(3)}</p>`.repeat(5)}</article></main></body></html>`;
    const page = await toMarkdown({ html, url: "https://a.example/x" }, signal);
    expect(page?.title).toBe("Name of the page");
    expect(page?.markdown).toContain("A sentence that is long enough");
    expect(page?.markdown).not.toContain("Advertisement");
  });

  it("keeps all of a page that is no article", async () => {
    const links = Array.from(
      { length: 50 },
      (_, index) => `<li><a href="p${index}">Page ${index}</a></li>`,
    ).join("");
    const page = await toMarkdown(
      { html: `<html><body><p>${paragraph}</p><ul>${links}</ul></body></html>`, url: "https://a.example/d/" },
      signal,
    );
    expect(page?.markdown).toContain("[Page 49](https://a.example/d/p49)");
  });

  it.each([
    ["nothing", "", ""],
    ["no HTML", "just text", "just text"],
    ["no body", "<p>just text", "just text"],
    ["broken tags", "<p><b><i>both</p></b><table><td>x", "both"],
    ["entities", "&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"],
    ["attributes without end", `text <a href="${"x".repeat(100_000)}`, "text"],
  ])("survives %s", async (_, html, markdown) => {
    const page = await toMarkdown({ html, url: "https://a.example/" }, signal);
    expect(page?.markdown).toContain(markdown);
  });

  it("gives up on a page that is made to keep a parser busy, and takes this process along with none", async () => {
    const html = `text ${"<b>".repeat(100_000)}`;
    const page = await toMarkdown({ html, url: "https://a.example/", timeoutMs: 1_000 }, signal);
    expect(page?.markdown ?? plainHtml(html)).toContain("text");
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const conversion = toMarkdown(
      { html: "<p>x</p>".repeat(200_000), url: "https://a.example/" },
      stop.signal,
    );
    stop.abort(new Error("cancelled"));
    await expect(conversion).rejects.toThrow("cancelled");
  });
});

describe("plainHtml()", () => {
  it("leaves the text", () => {
    expect(
      plainHtml("<p>One <b>two</b></p>\n<script>if (a < b) x()</script><style>p{}</style><P>three"),
    ).toBe("One two\nthree");
    expect(plainHtml("a < b")).toBe("a");
    expect(plainHtml("<script>never ends")).toBe("");
  });
});
