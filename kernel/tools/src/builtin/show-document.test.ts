import { describe, expect, it } from "vitest";

import type { DocumentReader } from "../document-reader.ts";
import { resultText } from "../tool-call.test.support.ts";
import type { ToolContext } from "../tool.ts";
import { createWorkbench } from "./builtin.test.support.ts";
import type { Workbench } from "./builtin.test.support.ts";

/** Reads documents whose pages are the lines after the first one. */
const documents: DocumentReader = {
  mediaTypes: ["application/pdf"],
  read: async ({ data, firstPage, lastPage }) => {
    const [, ...texts] = Buffer.from(data).toString().split("\n");
    const asked = texts.map((text, index) => ({ number: index + 1, text }));
    const pages = asked.filter(({ number }) => number >= firstPage && number <= lastPage);
    const fitting = pages.filter(({ text }) => text !== "too long");
    return { pageCount: texts.length, facts: { Title: "A letter" }, pages: fitting };
  },
};

async function bench(text: string, takes?: ToolContext["takes"]): Promise<Workbench> {
  return await createWorkbench({ "a.pdf": `%PDF-1.7\n${text}` }, takes === undefined ? {} : { takes }, {
    documents,
  });
}

describe("read, of a document", () => {
  it("shows the pages with their numbers, what the document says of itself, and how to go on", async () => {
    const { use } = await bench("one\n\nthree\ntoo long");

    expect(await use("read", { path: "a.pdf" })).toMatch(
      /^a\.pdf \(application\/pdf, pages 1-3 of 4, sha256 [0-9a-f]{12}\)\nTitle: A letter\n--- page 1 ---\none\n--- page 2 ---\n\[no text: .*\]\n--- page 3 ---\nthree\n\[Not all pages fit\. Continue with pages "4-4"\.\]$/u,
    );
  });

  it("shows the pages that are asked for", async () => {
    const { use, run } = await bench("one\ntwo\nthree");

    expect(await use("read", { path: "a.pdf", pages: "2" })).toMatch(
      /pages 2-2 of 3.*--- page 2 ---\ntwo$/su,
    );
    expect(await use("read", { path: "a.pdf", pages: "2-9" })).toMatch(/page 2 ---\ntwo\n.*\nthree$/su);
    expect(await use("read", { path: "a.pdf", pages: "3-" })).toMatch(/page 3 ---\nthree$/su);
    const past = await run("read", { path: "a.pdf", pages: "4-5" });
    expect([past.code, resultText(past.result)]).toEqual([
      "document.no_page",
      expect.stringContaining("a.pdf has 3 pages"),
    ]);
    expect(await use("read", { path: "a.pdf", pages: "all" })).toMatch(/^tool\.invalid_arguments/u);
  });

  it("gives a scan to a model that is known to take documents, and advice to others", async () => {
    const unknown = await (await bench("\n")).run("read", { path: "a.pdf" });
    expect(resultText(unknown.result)).toContain("[No page shown has text");
    expect(unknown.result.content).toHaveLength(1);

    const taken = await (await bench("\n", { image: "no", file: "yes" })).run("read", { path: "a.pdf" });
    expect(taken.result.content[1]).toMatchObject({
      type: "file",
      mediaType: "application/pdf",
      name: "a.pdf",
      source: { kind: "base64", data: Buffer.from("%PDF-1.7\n\n").toString("base64") },
    });
  });
});
