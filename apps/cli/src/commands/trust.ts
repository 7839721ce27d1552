import { resolve } from "node:path";

import { TauError } from "@tau/core";

import { askLine } from "../ask-line.ts";
import { configPath, readConfigText } from "../config-file.ts";
import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseConfig } from "../parse-config.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { tauHome } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { trust } from "../trust.ts";
import { usageError } from "../usage-error.ts";

/** `tau trust`: lets a folder's configuration count. */
export const trustCommand: Command = {
  usage: "trust [FOLDER] [--yes]",
  description: `Shows the tau.toml of a folder and, once you say so, trusts exactly this text of it. A change needs to be
trusted anew. A tau.toml can allow commands, open the network and send your key to another address:
read it as you would a script.`,
  options: { yes: { type: "boolean", short: "y", help: "Do not ask: you have read it." } },
  maxWords: 1,
  examples: ["tau trust", "tau trust ../other-project"],

  async run(args, terminal) {
    const path = configPath(resolve(terminal.cwd, args.positionals[0] ?? "."));
    const text = await readConfigText(path);
    if (text === undefined)
      throw new TauError("config.not_found", `There is no ${path}. Make one with "tau init".`);
    parseConfig(text, path);
    writeLine(terminal, `${visible(text).trimEnd()}\n`);
    if (!flagOption(args, "yes") && !(await isWanted(path, terminal))) {
      writeLine(terminal, "Not trusted; nothing was changed.");
      return exitCodes.denied;
    }
    await trust(tauHome(terminal), path, text);
    writeLine(terminal, `Trusted ${path} as shown above.`);
    return exitCodes.ok;
  },
};

async function isWanted(path: string, terminal: Terminal): Promise<boolean> {
  if (!isInteractive(terminal))
    throw usageError(`Nobody can be asked here: read ${path}, then run "tau trust --yes".`);
  const prompt = createStyle(terminal)("bold", "Trust this? [y]es or [n]o: ");
  const said = await askLine(terminal, prompt, new AbortController().signal);
  return /^y(es)?$/iu.test(said?.trim() ?? "");
}
