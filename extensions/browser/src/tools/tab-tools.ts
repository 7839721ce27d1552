import type { Tool } from "@tau/tools";
import { defineTool, textOutput } from "@tau/tools";

import { toolMs } from "../browser-tool.ts";
import type { BrowserHost } from "../browser-tool.ts";
import type { Tabs } from "../tabs.ts";
import { hostOf, webLabel } from "../page-host.ts";

interface TabsInput {
  readonly select?: number;
  readonly close?: number;
}

/** Makes the tools for tabs, and for the end. They tell the hosts of pages, and nothing of what these say. */
export function createTabTools(host: BrowserHost): readonly Tool[] {
  return [tabsTool(host), closeTool(host)];
}

const plain = { timeoutMs: toolMs, label: webLabel, group: "browser", effects: ["read_untrusted"] } as const;

function tabsTool(host: BrowserHost): Tool {
  return defineTool<TabsInput>({
    ...plain,
    name: "browser_tabs",
    description: "Lists the tabs with their hosts, goes to one, or closes one.",
    input: {
      type: "object",
      properties: {
        select: { type: "integer", minimum: 1, description: "The number of the tab to go to." },
        close: { type: "integer", minimum: 1, description: "The number of a tab to close." },
      },
      additionalProperties: false,
    },
    sideEffect: "pure",
    access: () => [],
    execute: async ({ select, close }, context) =>
      await host.sessionOf(context).run(
        async ({ tabs }) => {
          if (close !== undefined) await tabs.list().get(close)?.close({ runBeforeUnload: false });
          if (select !== undefined) tabs.select(select);
          return textOutput([...tabs.takeNotes(), ...tabLines(tabs)].join("\n"));
        },
        { opens: false },
        context,
      ),
  });
}

function tabLines(tabs: Tabs): readonly string[] {
  const entries = [...tabs.list()];
  if (entries.length === 0) return ["No tab is open."];
  const { number: current } = tabs.current();
  return entries.map(
    ([number, page]) =>
      `Tab ${number}${number === current ? " (current)" : ""}: ${hostOf(page.url()) ?? "no page"}`,
  );
}

function closeTool(host: BrowserHost): Tool {
  return defineTool({
    ...plain,
    name: "browser_close",
    description: "Ends the browser, and forgets its cookies. It is started anew by browser_navigate.",
    input: { type: "object", properties: {}, additionalProperties: false },
    sideEffect: "pure",
    access: () => [],
    execute: async (_, context) => {
      await host.sessionOf(context).end();
      return "The browser is closed.";
    },
  });
}
