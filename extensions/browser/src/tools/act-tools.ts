import { setTimeout as delay } from "node:timers/promises";

import type { Tool, ToolOutput } from "@tau/tools";
import { textOutput } from "@tau/tools";
import type { Locator, Page } from "playwright-core";

import { defineActingTool, inputs } from "../browser-tool.ts";
import type { ActingTool, BrowserHost } from "../browser-tool.ts";
import type { OpenBrowser } from "../browser-session.ts";
import { assertHost, elementOf, hostOf, labelOfPage, toHost } from "../page-host.ts";
import { answered, briefChars, showPage } from "../show-page.ts";

interface ElementInput {
  readonly host: string;
  readonly ref: string;
}

interface ClickInput extends ElementInput {
  readonly double?: boolean;
}

interface TypeInput extends ElementInput {
  readonly text: string;
  readonly submit?: boolean;
}

interface SelectInput extends ElementInput {
  readonly values: readonly string[];
}

interface PressInput {
  readonly host: string;
  readonly key: string;
}

/** Makes the tools that act on the page: each may send something, so each needs `send(host)`. */
export function createActTools(host: BrowserHost): readonly Tool[] {
  return [clickTool(host), hoverTool(host), typeTool(host), selectTool(host), pressTool(host)];
}

function clickTool(host: BrowserHost): Tool {
  return defineElementTool<ClickInput>(host, {
    name: "browser_click",
    description: "Clicks an element of the page, and shows what became of the page.",
    properties: { ref: inputs.ref, double: { type: "boolean" } },
    use: async (element, { double = false }, timeout) =>
      await (double ? element.dblclick({ timeout }) : element.click({ timeout })),
  });
}

function hoverTool(host: BrowserHost): Tool {
  return defineElementTool<ElementInput>(host, {
    name: "browser_hover",
    description:
      "Moves the mouse over an element of the page, and shows what became of the page: what opens there.",
    properties: { ref: inputs.ref },
    use: async (element, _input, timeout) => await element.hover({ timeout }),
  });
}

function typeTool(host: BrowserHost): Tool {
  return defineElementTool<TypeInput>(host, {
    name: "browser_type",
    description:
      "Puts text into a field, in place of what is there, and sends its form when told to. Shows what became of the page.",
    properties: {
      ref: inputs.ref,
      text: { type: "string", maxLength: 100_000 },
      submit: { type: "boolean", description: "Press Enter afterwards. Default false." },
    },
    required: ["text"],
    async use(element, { text, submit = false }, timeout) {
      await element.fill(text, { timeout });
      if (submit) await element.press("Enter", { timeout });
    },
  });
}

function selectTool(host: BrowserHost): Tool {
  return defineElementTool<SelectInput>(host, {
    name: "browser_select",
    description: "Chooses options of a list by their values or labels.",
    properties: {
      ref: inputs.ref,
      values: { type: "array", items: { type: "string", maxLength: 1_000 }, minItems: 1, maxItems: 100 },
    },
    required: ["values"],
    use: async (element, { values }, timeout) => {
      await element.selectOption([...values], { timeout });
    },
  });
}

function pressTool(host: BrowserHost): Tool {
  return defineActingTool<PressInput>(host, {
    name: "browser_press",
    description: 'Presses a key in the page, such as "Enter", "Escape", "ArrowDown" or "Control+a".',
    properties: { key: { type: "string", pattern: "^[A-Za-z0-9+]{1,40}$" } },
    required: ["key"],
    async act(browser, { key, host: said }) {
      const { page } = browser.tabs.current();
      assertHost(page, new Set([toHost(said)]));
      await answered(page, host.answerMs, async () => await page.keyboard.press(key));
      return await afterwards(browser, page, host);
    },
  });
}

interface ElementTool<Input> extends Omit<ActingTool<Input>, "act"> {
  readonly use: (element: Locator, input: Input, timeoutMs: number) => Promise<void>;
}

function defineElementTool<Input extends ElementInput>(
  host: BrowserHost,
  { use, required = [], ...tool }: ElementTool<Input>,
): Tool {
  return defineActingTool<Input>(host, {
    ...tool,
    required: ["ref", ...required],
    async act(browser, input) {
      const { page } = browser.tabs.current();
      await answered(page, host.answerMs * 2, async () => {
        const element = await elementOf(page, input.ref, input.host);
        await use(element, input, host.answerMs);
      });
      return await afterwards(browser, page, host);
    },
  });
}

/** How long what an action began is waited for. */
const settleMs = 3_000;

/** Shows what became of the page; where it left for a host that no call was about, only that. */
async function afterwards(browser: OpenBrowser, page: Page, { answerMs }: BrowserHost): Promise<ToolOutput> {
  if (!page.isClosed()) await settle(page);
  const { tabs, decided } = browser;
  if (page.isClosed()) return textOutput(["Done. The tab was closed.", ...tabs.takeNotes()].join("\n"));
  const now = hostOf(page.url());
  if (now === undefined || !decided.has(now)) {
    const text = `Done. The tab is at ${now ?? "no host"} now, which no call was about so far, so nothing of it is shown. To go on there: browser_navigate with ${page.url().slice(0, 500)}`;
    return textOutput([text, ...tabs.takeNotes()].join("\n"), { label: labelOfPage(page) });
  }
  return await showPage(browser, { answerMs, maxChars: briefChars });
}

/** A click that leads to another page begins with a request; until its page is there, the old one is shown. */
async function settle(page: Page): Promise<void> {
  const quiet = page.waitForLoadState("networkidle", { timeout: settleMs }).catch(() => undefined);
  // A page that is busy does not even say that it is late.
  await Promise.race([quiet, delay(settleMs, undefined, { ref: false })]);
}
