import { findAbleModel } from "../able-model.ts";
import type { ParsedArgs } from "../command.ts";
import { textOption } from "../command.ts";
import { emptyConfig } from "../config-file.ts";
import { loadConfig } from "../load-config.ts";
import type { LoadedConfig } from "../load-config.ts";
import { folderOf, settingsFrom } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { tauHome } from "../tau-home.ts";
import type { Terminal } from "../terminal.ts";
import { checkNetwork } from "./check-network.ts";
import { checkMcp } from "./check-mcp.ts";
import { checkMemory } from "./check-memory.ts";
import { checkRules } from "./check-rules.ts";
import { checkSandbox } from "./check-sandbox.ts";
import { checkTools } from "./check-tools.ts";
import { checkStore } from "./check-store.ts";
import { faultOf } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Makes every check, one after the other; a fault in one is no reason to leave out the others. */
export async function* runChecks(args: ParsedArgs, terminal: Terminal): AsyncGenerator<Finding> {
  const home = tauHome(terminal);
  const cwd = await folderOf(args, terminal);
  yield checkNode();
  let loaded: LoadedConfig = { config: emptyConfig, layers: [] };
  try {
    loaded = await loadConfig({ home, cwd, named: textOption(args, "config") });
    yield { check: "config", result: "ok", detail: loaded.path ?? `no tau.toml in ${cwd}: defaults` };
  } catch (error) {
    yield faultOf("config", error);
  }
  const settings = settingsFrom(args, loaded, { home, cwd, someoneAnswers: false });
  yield* checkRules(settings);
  yield* checkTools(settings);
  yield* checkMcp(settings, terminal);
  yield* checkSandbox(settings);
  yield* checkNetwork(settings);
  yield await checkStore(home);
  yield await checkMemory(settings);
  yield await checkProvider(settings, terminal);
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19))
    return { check: "node", result: "ok", detail: process.version };
  return { check: "node", result: "fault", detail: `${process.version}: Tau needs 22.19 or newer.` };
}

async function checkProvider(settings: Settings, terminal: Terminal): Promise<Finding> {
  try {
    const { model, because, doubts } = await findAbleModel(settings, terminal);
    const detail = [`${model.provider}, model ${model.id}, because ${because}`, ...doubts].join("; ");
    return { check: "provider", result: "ok", detail };
  } catch (error) {
    return faultOf("provider", error);
  }
}
