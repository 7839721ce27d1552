import { readFile, writeFile } from "node:fs/promises";

import { TauError } from "@tau/core";

import { configPath } from "../config-file.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tauHome } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import { trust } from "../trust.ts";

/** `tau init`: a configuration file to start from. */
export const initCommand: Command = {
  usage: "init",
  description: "Writes a tau.toml with every key and what it means, and trusts it. Does not overwrite one.",
  options: {},
  maxWords: 0,
  examples: ["tau init"],

  async run(_args, terminal) {
    const path = configPath(terminal.cwd);
    const template = await readFile(new URL("../../templates/tau.toml", import.meta.url), "utf8");
    try {
      await writeFile(path, template, { flag: "wx" });
    } catch (error) {
      throw new TauError(
        "config.exists",
        `${path} exists already, or the folder cannot be written to; nothing was changed.`,
        { cause: error },
      );
    }
    await trust(tauHome(terminal), path, template);
    writeLine(terminal, `Wrote ${path}, and trusted it. Nothing in it changes anything until you edit it.`);
    writeLine(terminal, 'Next: tau doctor, then tau run "…"');
    return exitCodes.ok;
  },
};
