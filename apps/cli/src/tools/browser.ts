import type { BrowserOrder } from "@tau/browser";
import type { Module, OwnedEnvironment } from "@tau/tools";

import { browserFolder, openBrowserJail } from "../browser-jail.ts";
import { createEgressLog } from "../egress-log.ts";
import type { Settings } from "../settings.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";

/** What `[tools.browser]` says; its keys were checked with the file. */
interface BrowserSettings {
  readonly program?: string;
  readonly hosts: readonly string[];
  readonly idleMs?: number;
  readonly scripts: boolean;
}

/** `browser_*`: Chromium in a jail of its own, whatever the environment of commands is. */
export const browserFile: ExtraToolsFile = {
  async open(settings) {
    const { createBrowser } = await import("@tau/browser");
    const { program, idleMs, scripts, hosts } = browserSettings(settings);
    const browser = createBrowser({
      openEnvironment: async (order) => await openJail(settings, hosts, order),
      folder: browserFolder(),
      scripts,
      ...(program === undefined ? {} : { program }),
      ...(idleMs === undefined ? {} : { idleMs }),
    });
    const module: Module = {
      name: "browser",
      description: "A browser.",
      tools: () => browser.tools,
      cleanup: async () => await browser[Symbol.asyncDispose](),
    };
    return module;
  },
  isQuickToCheck: true,
  async check(settings) {
    const { findChromium } = await import("@tau/browser");
    const { program, hosts } = browserSettings(settings);
    const found = findChromium(program);
    return { result: "ok", detail: `${found}, in a jail of its own that reaches ${reach(hosts)}` };
  },
};

async function openJail(
  settings: Settings,
  hosts: readonly string[],
  { tenant, sessionId, workspace }: BrowserOrder,
): Promise<OwnedEnvironment> {
  const { findChromium } = await import("@tau/browser");
  const { home, cwd, egress } = settings;
  return await openBrowserJail({
    workspace,
    program: findChromium(browserSettings(settings).program),
    hidden: [home, cwd],
    gate: {
      caller: { tenant, ...(sessionId === undefined ? {} : { session: sessionId }) },
      hosts,
      addresses: egress.addresses,
      audit: createEgressLog(home),
    },
  });
}

/** Without hosts of its own it reaches those that commands reach by name, and where they have none, public ones. */
function browserSettings({ tools, network }: Settings): BrowserSettings {
  const said = tools["browser"];
  const { program, hosts, idle_seconds: idle, scripts } = typeof said === "object" ? said : {};
  const usual = typeof network === "boolean" ? ["*"] : network.hosts;
  return {
    hosts: Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string") : usual,
    scripts: scripts === true,
    ...(typeof program === "string" ? { program } : {}),
    ...(typeof idle === "number" ? { idleMs: idle * 1000 } : {}),
  };
}

function reach(hosts: readonly string[]): string {
  return hosts.includes("*") ? "every public host" : hosts.join(", ") || "no host";
}
