import type { ParsedArgs } from "../command.ts";
import { textOption } from "../command.ts";
import { loadEnvironment } from "../environment-kinds.ts";
import { loadConfig } from "../load-config.ts";
import { folderOf, settingsFrom } from "../read-settings.ts";
import { tauHome } from "../tau-home.ts";
import type { Terminal } from "../terminal.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Says what the sandbox enforces, and tries every way out of it that is known. */
export async function* inspectSandbox(args: ParsedArgs, terminal: Terminal): AsyncGenerator<Finding> {
  const home = tauHome(terminal);
  const cwd = await folderOf(args, terminal);
  const loaded = await loadConfig({ home, cwd, named: textOption(args, "config") });
  const settings = settingsFrom(args, loaded, { home, cwd, someoneAnswers: false });
  try {
    yield* (await loadEnvironment(settings.environment)).inspect(settings);
  } catch (error) {
    yield faultOf("sandbox", error);
  }
}
