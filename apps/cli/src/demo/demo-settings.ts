import { dirname } from "node:path";

import { isTauError } from "@tau/core";

import { openEnvironment } from "../open-environment.ts";
import { plainSettings } from "../settings.ts";
import type { Settings } from "../settings.ts";

/** The demo's settings, and why there is no sandbox if there is none. */
export interface DemoSettings {
  readonly settings: Settings;
  readonly noSandbox?: string;
  /** The kind of environment that commands run in. */
  readonly sandbox: string;
}

/** The only command that the demo's script runs; a test compares the two. */
export const demoCommand =
  "node --test --test-reporter=tap test/cart.test.js | grep -E '^(not )?ok|^# (pass|fail)'";

const ownRules = { allow: demoCommand.split(" | ").map((command) => `bash(${command})`) };
const ownLayers = [{ layer: "session", rules: ownRules }] as const;

/** The jail where it works; else the host, for the demo's own command and no other. */
export async function demoSettings(home: string, workspace: string): Promise<DemoSettings> {
  // The project's tests run on the Node that runs the demo, whatever else is installed.
  const settings = { ...plainSettings(home, workspace), programs: [dirname(process.execPath)] };
  try {
    await using environment = await openEnvironment(settings, workspace);
    const { kind, enforced } = environment.info;
    // Where the sandbox keeps less than all, rules decide on commands.
    return { settings: enforced ? settings : { ...settings, layers: ownLayers }, sandbox: kind };
  } catch (error) {
    if (!isTauError(error) || !error.code.startsWith("sandbox.")) throw error;
    const [noSandbox = ""] = error.message.split("\n");
    return {
      settings: { ...settings, environment: "host", layers: ownLayers },
      noSandbox,
      sandbox: "host",
    };
  }
}
