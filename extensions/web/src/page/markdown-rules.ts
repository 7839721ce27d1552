import type TurndownService from "turndown";

import { squaredAttribute } from "./square-tables.ts";
import type { PageElement } from "./square-tables.ts";

/** Teaches what the CommonMark of turndown lacks: tables, code with its language, and what is struck out. */
export function addMarkdownRules(service: TurndownService): void {
  service.addRule("squared cell", {
    filter: (node) => isIn(node, "td") || isIn(node, "th"),
    replacement: (content) =>
      ` ${content
        .trim()
        .replaceAll(/\s*\n\s*/gu, " ")
        .replaceAll("|", String.raw`\|`)} |`,
  });
  service.addRule("squared row", {
    filter: (node) => isIn(node, "tr"),
    replacement: (content, node) => {
      const isFirst = node.closest("table")?.querySelector("tr") === node;
      const rule = isFirst ? `\n|${" --- |".repeat([...node.children].length)}` : "";
      return `\n|${content.replaceAll("\n", "")}${rule}`;
    },
  });
  service.addRule("squared rows", {
    filter: (node) => ["thead", "tbody", "tfoot"].some((name) => isIn(node, name)),
    replacement: (content) => content,
  });
  service.addRule("squared table", {
    filter: (node) => isIn(node, "table"),
    replacement: (content) => `\n\n${content.replaceAll(/\n{2,}/gu, "\n").trim()}\n\n`,
  });
  service.addRule("code block", {
    filter: "pre",
    replacement: (_content, node) => codeBlock(node.textContent ?? "", languageOf(node)),
  });
  service.addRule("struck out", {
    filter: ["del", "s"],
    replacement: (content) => `~~${content}~~`,
  });
}

function isIn(node: PageElement, name: string): boolean {
  return node.localName === name && node.closest(`table[${squaredAttribute}]`) !== null;
}

/** A fence that is longer than any in the code, so that the code cannot end it. */
function codeBlock(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/gu)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `\n\n${fence}${language}\n${code.replace(/^\n|\n$/gu, "")}\n${fence}\n\n`;
}

/** As highlighters write it, into a class of the block, of its code or of what is around it. */
function languageOf(node: PageElement): string {
  const classes = [node, node.querySelector("code"), node.parentElement].map((one) =>
    one?.getAttribute("class"),
  );
  return (
    /\b(?:lang(?:uage)?|highlight-source)-(?<name>[\w+#.-]{1,30})/u.exec(classes.join(" "))?.groups?.[
      "name"
    ] ?? ""
  );
}
