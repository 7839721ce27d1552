import { setTimeout as delay } from "node:timers/promises";

import { assertSeesPictures, textOutput } from "@tau/tools";
import type { Tool } from "@tau/tools";

import { defineLookingTool, inputs } from "../browser-tool.ts";
import type { BrowserHost } from "../browser-tool.ts";
import { elementAt, hostOf, labelOfPage } from "../page-host.ts";
import { answered, briefChars, fullChars, showPage } from "../show-page.ts";

interface PartInput {
  readonly ref?: string;
}

interface WaitInput {
  readonly text?: string;
  readonly gone?: string;
  readonly seconds?: number;
}

interface ConsoleInput {
  readonly lines?: number;
}

interface ScrollInput {
  readonly direction?: "up" | "down";
  readonly pages?: number;
  readonly ref?: string;
}

/** Makes the tools that look at the page of the current tab. */
export function createLookTools(host: BrowserHost): readonly Tool[] {
  return [snapshotTool(host), screenshotTool(host), waitTool(host), scrollTool(host), consoleTool(host)];
}

function snapshotTool(host: BrowserHost): Tool {
  return defineLookingTool<PartInput>(host, {
    name: "browser_snapshot",
    description:
      "Shows the page, or one part of it, as an accessibility tree whose elements have references. References are good until the next snapshot.",
    properties: { ref: inputs.ref },
    look: async (browser, { ref }) =>
      await showPage(browser, {
        answerMs: host.answerMs,
        maxChars: fullChars,
        ...(ref === undefined ? {} : { ref }),
      }),
  });
}

function screenshotTool(host: BrowserHost): Tool {
  return defineLookingTool<PartInput>(host, {
    name: "browser_screenshot",
    description:
      "Shows a picture of what the window shows of the page, or of one element. For what a snapshot does not tell: layout, charts, pictures.",
    properties: { ref: inputs.ref },
    async look({ tabs }, { ref }, context) {
      assertSeesPictures(context, "A screenshot");
      const { number, page } = tabs.current();
      const options = { type: "jpeg", quality: 80, timeout: host.answerMs } as const;
      const data = await answered(page, host.answerMs, async () =>
        ref === undefined
          ? await page.screenshot(options)
          : await (await elementAt(page, ref)).screenshot(options),
      );
      return {
        content: [
          { type: "text", text: [`Tab ${number}, as it looks:`, ...tabs.takeNotes()].join("\n") },
          {
            type: "image",
            mediaType: "image/jpeg",
            source: { kind: "base64", data: data.toString("base64") },
          },
        ],
        label: labelOfPage(page),
        details: { tab: number, bytes: data.byteLength },
      };
    },
  });
}

function waitTool(host: BrowserHost): Tool {
  return defineLookingTool<WaitInput>(host, {
    name: "browser_wait_for",
    description:
      "Waits until the page shows a text, until it does not show one any more, or for seconds; then shows the page.",
    properties: {
      text: { type: "string", minLength: 1, maxLength: 500 },
      gone: { type: "string", minLength: 1, maxLength: 500, description: "A text that is to disappear." },
      seconds: { type: "integer", minimum: 1, maximum: 60, description: "How long at most. Default 10." },
    },
    async look(browser, { text, gone, seconds = 10 }, { signal }) {
      const { page } = browser.tabs.current();
      const timeout = seconds * 1000;
      await answered(page, timeout, async () => {
        if (text !== undefined) await page.getByText(text).first().waitFor({ state: "visible", timeout });
        if (gone !== undefined) await page.getByText(gone).first().waitFor({ state: "hidden", timeout });
        if (text === undefined && gone === undefined) await delay(timeout, undefined, { signal });
      });
      return await showPage(browser, { answerMs: host.answerMs, maxChars: briefChars });
    },
  });
}

const windowHeight = 700;

function scrollTool(host: BrowserHost): Tool {
  return defineLookingTool<ScrollInput>(host, {
    name: "browser_scroll",
    description:
      "Scrolls the page, by windows, or until an element is visible; then shows it. Some pages load more then.",
    properties: {
      direction: { type: "string", enum: ["up", "down"], description: "Default down." },
      pages: { type: "integer", minimum: 1, maximum: 50, description: "Windows. Default 1." },
      ref: inputs.ref,
    },
    async look(browser, { direction = "down", pages = 1, ref }) {
      const { page } = browser.tabs.current();
      const distance = windowHeight * pages * (direction === "down" ? 1 : -1);
      await answered(page, host.answerMs, async () => {
        if (ref === undefined) await page.mouse.wheel(0, distance);
        else await (await elementAt(page, ref)).scrollIntoViewIfNeeded({ timeout: host.answerMs });
      });
      return await showPage(browser, { answerMs: host.answerMs, maxChars: briefChars });
    },
  });
}

const defaultLines = 50;

function consoleTool(host: BrowserHost): Tool {
  return defineLookingTool<ConsoleInput>(host, {
    name: "browser_console",
    description: "Shows what the page wrote to its console since it was opened, and its errors.",
    properties: {
      lines: {
        type: "integer",
        minimum: 1,
        maximum: 200,
        description: `The newest so many. Default ${defaultLines}.`,
      },
    },
    look({ tabs }, { lines = defaultLines }) {
      const { number, page } = tabs.current();
      const said = tabs.console().lines(lines);
      const head = `Tab ${number} · host ${hostOf(page.url()) ?? ""}`;
      const text = said.length === 0 ? "(The page wrote nothing.)" : newest(said);
      return Promise.resolve(textOutput(`${head}\n${text}`, { label: labelOfPage(page) }));
    },
  });
}

/** As many whole lines from the end as an answer holds. */
function newest(lines: readonly string[]): string {
  let room = fullChars;
  const fitting = lines.toReversed().filter((line) => (room -= line.length + 1) >= 0);
  return fitting.toReversed().join("\n");
}
