import { dirname } from "node:path";

import { isTauError } from "@tau/core";

import { openEnvironment } from "../open-environment.ts";
import { plainSettings } from "../settings.ts";
import type { Settings } from "../settings.ts";

/** The demo's settings, and why there is no sandbox if there is none. */
export interface DemoSettings {
  readonly settings: Settings;
  readonly noSandbox?: string;
}

/** The only command that the demo's script runs; a test compares the two. */
export const demoCommand =
  "node --test --test-reporter=tap test/cart.test.js | grep -E '^(not )?ok|^# (pass|fail)'";

/** The jail where it works; else the host, for the demo's own command and no other. */
export async function demoSettings(home: string, workspace: string): Promise<DemoSettings> {
  // The project's tests run on the Node that runs the demo, whatever else is installed.
  const settings = { ...plainSettings(home, workspace), programs: [dirname(process.execPath)] };
  try {
    await (await openEnvironment(settings, workspace))[Symbol.asyncDispose]();
    return { settings };
  } catch (error) {
    if (!isTauError(error) || !error.code.startsWith("sandbox.")) throw error;
    const rules = { allow: demoCommand.split(" | ").map((command) => `bash(${command})`) };
    const layers = [{ layer: "session", rules } as const];
    const [noSandbox = ""] = error.message.split("\n");
    return { settings: { ...settings, environment: "host", layers }, noSandbox };
  }
}
