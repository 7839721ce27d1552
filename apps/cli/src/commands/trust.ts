import { resolve } from "node:path";

import { TauError } from "@tau/core";

import { configPath, parseConfig, readConfigText } from "../config-file.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tauHome } from "../settings.ts";
import { plain } from "../style.ts";
import { writeLine } from "../terminal.ts";
import { trust } from "../trust.ts";

/** `tau trust`: lets a folder's configuration count. */
export const trustCommand: Command = {
  usage: "trust [FOLDER]",
  description:
    "Shows the tau.toml of a folder and trusts exactly this text of it. A change needs to be trusted anew.",
  options: {},
  examples: ["tau trust", "tau trust ../other-project"],

  async run({ positionals }, terminal) {
    const path = configPath(resolve(terminal.cwd, positionals[0] ?? "."));
    const text = await readConfigText(path);
    if (text === undefined)
      throw new TauError("config.not_found", `There is no ${path}. Make one with "tau init".`);
    parseConfig(text, path);
    await trust(tauHome(terminal), path, text);
    writeLine(terminal, `${plain(text).trimEnd()}\n\nTrusted ${path} as shown above.`);
    return exitCodes.ok;
  },
};
