import type { Tool } from "@tau/tools";
import { textOutput } from "@tau/tools";

import { defineActingTool } from "../browser-tool.ts";
import type { BrowserHost } from "../browser-tool.ts";
import { assertHost, labelOfPage, toHost } from "../page-host.ts";
import { answered, fullChars } from "../show-page.ts";

interface EvaluateInput {
  readonly host: string;
  readonly expression: string;
}

/** Makes the tool that runs a model's JavaScript in the page, with all that the page may do. Only where somebody turned it on. */
export function createEvaluateTool(host: BrowserHost): Tool {
  return defineActingTool<EvaluateInput>(host, {
    name: "browser_evaluate",
    description: "Evaluates a JavaScript expression in the page and shows its value as JSON.",
    properties: { expression: { type: "string", minLength: 1, maxLength: 20_000 } },
    required: ["expression"],
    async act({ tabs }, { expression, host: said }) {
      const { page } = tabs.current();
      assertHost(page, new Set([toHost(said)]));
      const value: unknown = await answered(page, host.answerMs, async () => await page.evaluate(expression));
      const text = JSON.stringify(value) ?? "undefined";
      return textOutput(text.slice(0, fullChars), { label: labelOfPage(page) });
    },
  });
}
