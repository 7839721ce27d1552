import { TauError } from "@tau/core";
import type { JsonObject } from "@tau/core";
import type { Access, Tool, ToolContext, ToolOutput } from "@tau/tools";
import { defineTool } from "@tau/tools";

import type { BrowserOptions } from "./browser-options.ts";
import type { BrowserSession, OpenBrowser } from "./browser-session.ts";
import { assertHost, toHost, webLabel } from "./page-host.ts";

/** What the tools of one browser share. */
export interface BrowserHost {
  readonly options: BrowserOptions;
  /** Milliseconds. */
  readonly loadMs: number;
  readonly answerMs: number;
  /** The browser of the run that a call belongs to. */
  sessionOf(context: ToolContext): BrowserSession;
}

type Properties = Readonly<Record<string, JsonObject>>;

/** A tool that looks at the page of the current tab, whose host was decided on by an earlier call. */
export interface LookingTool<Input> {
  readonly name: string;
  readonly description: string;
  readonly properties: Properties;
  readonly look: (browser: OpenBrowser, input: Input, context: ToolContext) => Promise<ToolOutput>;
}

/** A tool that may send or change something at a host. */
export interface ActingTool<Input> {
  readonly name: string;
  readonly description: string;
  /** Beside `host`. */
  readonly properties: Properties;
  readonly required?: readonly string[];
  /** What it touches beside the host. */
  readonly files?: (input: Input, workspace: string) => readonly Access[];
  readonly act: (browser: OpenBrowser, input: Input, context: ToolContext) => Promise<ToolOutput>;
}

/** Of the tools: a page may take its time, and a slow machine too. */
export const toolMs = 120_000;
/** A snapshot is cut by its page; this bounds what a page can say in other ways. */
export const maxOutputChars = 40_000;

const ref = {
  type: "string",
  pattern: "^(f[0-9]{1,6})?e[0-9]{1,9}$",
  description: "The reference of an element in the last snapshot, such as e12.",
} as const;
const host = {
  type: "string",
  minLength: 1,
  maxLength: 300,
  description: 'The host that the element belongs to, as the last answer says, such as "example.org".',
} as const;

/** Schemas of what several tools are told. */
export const inputs: { readonly ref: JsonObject; readonly host: JsonObject } = { ref, host };

/** Defines a tool that looks. It tells nobody anything, and shows no host that nobody decided on. */
export function defineLookingTool<Input>(browserHost: BrowserHost, tool: LookingTool<Input>): Tool {
  const { name, description, properties, look } = tool;
  return defineTool<Input>({
    name,
    description,
    input: { type: "object", properties, additionalProperties: false },
    sideEffect: "pure",
    timeoutMs: toolMs,
    maxOutputChars,
    label: webLabel,
    group: "browser",
    access: () => [],
    effects: ["read_untrusted"],
    execute: async (input, context) =>
      await browserHost.sessionOf(context).run(
        async (browser) => {
          assertDecided(browser);
          return await look(browser, input, context);
        },
        { opens: false },
        context,
      ),
  });
}

/**
 * Defines a tool that acts. Its call names the host, because permissions are given by host and are decided before anything
 * is looked at: at another host, nothing happens.
 */
export function defineActingTool<Input extends { readonly host: string }>(
  browserHost: BrowserHost,
  { name, description, properties, required = [], files, act }: ActingTool<Input>,
): Tool {
  return defineTool<Input>({
    name,
    description,
    input: {
      type: "object",
      properties: { host, ...properties },
      required: ["host", ...required],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    timeoutMs: toolMs,
    maxOutputChars,
    label: webLabel,
    group: "browser",
    access: (input, workspace) => [
      // As the browser reads it: "evil.example/x.good.example" is not below good.example.
      { kind: "network", host: toHost(input.host) },
      { kind: "send", host: toHost(input.host) },
      ...(files?.(input, workspace) ?? []),
    ],
    execute: async (input, context) =>
      await browserHost.sessionOf(context).run(
        async (browser) => {
          browser.decided.add(toHost(input.host));
          assertDecided(browser);
          return await act(browser, input, context);
        },
        { opens: false },
        context,
      ),
  });
}

/** @throws TauError `browser.wrong_host` for a page at a host that no call was decided on */
function assertDecided({ tabs, decided }: OpenBrowser): void {
  assertHost(tabs.current().page, decided);
}

/** @throws TauError `browser.invalid_url` */
export function toWebUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/u.test(url.protocol) && url.username === "" && url.password === "")
    return url;
  throw new TauError(
    "browser.invalid_url",
    `The browser opens addresses such as https://example.org/, without user names, not ${JSON.stringify(text.slice(0, 200))}.`,
  );
}
