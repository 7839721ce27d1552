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

  it("keeps tables, with what their cells span, and code with its language", async () => {
    const html = `<html><body><article><h2>API</h2><p>${paragraph.repeat(3)}</p>
      <table><thead><tr><th>Name</th><th>Type</th><th>Note</th></tr></thead><tbody>
      <tr><td rowspan="2">a|b</td><td><code>int</code></td><td><p>one</p><p>two</p></td></tr>
      <tr><td colspan="2"></td></tr><tr><td>c</td><td>text<br>more</td><td><a href="/c">c</a></td></tr></tbody></table>
      <table><tr><td>no</td><td>head</td></tr></table>
      <pre><code class="language-ts">const a = 1;\n  \`b\`;</code></pre>
      <div class="highlight highlight-source-js"><pre>plain <b>pre</b>\n  \`\`\`indented</pre></div>
      <p><del>gone</del></p></article></body></html>`;
    const page = await toMarkdown({ html, url: "https://a.example/" }, signal);
    expect(page?.markdown).toContain(`| Name | Type | Note |
| --- | --- | --- |
| a\\|b | \`int\` | one two |
|  |  |  |
| c | text more | [c](https://a.example/c) |

|  |  |
| --- | --- |
| no | head |`);
    expect(page?.markdown).toContain("```ts\nconst a = 1;\n  `b`;\n```");
    expect(page?.markdown).toContain("````js\nplain pre\n  ```indented\n````");
    expect(page?.markdown).toContain("~~gone~~");
  });

  it("takes a table that only lays the page out for what stands in it", async () => {
    const laid = `<table><tr><td><h2>Left</h2><p>${paragraph}</p><pre>code</pre></td><td>right</td></tr></table>`;
    const html = `<table><tr><td>alone</td></tr></table>${laid}<table><tr><td><table><tr><td>in</td></tr></table></td><td>x</td></tr></table>`;
    const page = await toMarkdown({ html, url: "https://a.example/" }, signal);
    expect(page?.markdown).toContain("## Left");
    expect(page?.markdown).toContain("```\ncode\n```");
    expect(page?.markdown).not.toContain("|");
  });

  it("gives a table no more cells than it can be told to span", async () => {
    const html = `<table><tr><th colspan="1000000" rowspan="1000000">a</th><th>b</th></tr>${"<tr><td>c</td></tr>".repeat(50)}</table>`;
    const page = await toMarkdown({ html, url: "https://a.example/" }, signal);
    expect(page?.markdown).toContain("c");
    expect(page?.markdown.length).toBeLessThan(20_000);
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
