/**
 * The thread that turns pages into Markdown. A page may be made to keep a parser busy, or to use it up: then only this
 * thread ends.
 */
import { parentPort } from "node:worker_threads";

import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";

import { addMarkdownRules } from "./markdown-rules.ts";
import { squareTables } from "./square-tables.ts";

parentPort?.once("message", (message: unknown) => {
  if (typeof message !== "object" || message === null) return;
  const { html, url }: Partial<Record<"html" | "url", unknown>> = message;
  if (typeof html === "string" && typeof url === "string") convert(html, url);
});

/** What nobody reads. */
const noise =
  "script, style, noscript, template, iframe, object, embed, svg, canvas, [hidden], [aria-hidden='true']";

/** Says all of the page first, then its article: finding that may take longer than anybody waits. */
function convert(html: string, url: string): void {
  const { document } = parseHTML(/<html[\s>]/iu.test(html) ? html : inDocument(html));
  const title = (document.title ?? "").trim();
  for (const element of document.querySelectorAll(noise)) element.remove();
  makeAbsolute(document, url);
  const all = markdownOf(document.body?.innerHTML ?? "");
  parentPort?.postMessage({ title, markdown: all, last: false });
  const article = new Readability(document, { keepClasses: true }).parse();
  const main = markdownOf(article?.content ?? "");
  // A page that is no article, such as a list of links, loses most of what it says when it is taken for one.
  const markdown = main.length * 4 >= all.length ? main : all;
  parentPort?.postMessage({ title: article?.title?.trim() ?? title, markdown, last: true });
}

function inDocument(html: string): string {
  return `<!doctype html><html><body>${html}</body></html>`;
}

function markdownOf(html: string): string {
  const { document } = parseHTML(inDocument(html));
  const service = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
  });
  addMarkdownRules(service);
  squareTables(document);
  for (const lineBreak of document.querySelectorAll("pre br")) lineBreak.replaceWith("\n");
  return service
    .turndown(document.body)
    .replaceAll(/\n{3,}/gu, "\n\n")
    .trim();
}

/** Links are of use only with the host; those that would run something are dropped. */
function makeAbsolute(document: ReturnType<typeof parseHTML>["document"], url: string): void {
  for (const [selector, attribute] of [
    ["a[href]", "href"],
    ["img[src]", "src"],
  ] as const) {
    for (const element of document.querySelectorAll(selector)) {
      const target = URL.parse(element.getAttribute(attribute) ?? "", url);
      if (target !== null && /^https?:$/u.test(target.protocol)) element.setAttribute(attribute, target.href);
      else element.removeAttribute(attribute);
    }
  }
}
