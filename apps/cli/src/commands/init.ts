import { readFile, writeFile } from "node:fs/promises";

import { TauError } from "@tau/core";

import { configPath } from "../config-file.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { visible } from "../plain-text.ts";
import { tauHome } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import { trust } from "../trust.ts";

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}

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
      throw isSystemError(error) && error.code === "EEXIST"
        ? new TauError(
            "config.exists",
            `${path} exists already; nothing was changed. Edit it, or remove it first.`,
            { cause: error },
          )
        : new TauError(
            "config.not_writable",
            `${path} cannot be written; nothing was changed. Make the folder writable, or go to one that is.`,
            { cause: error },
          );
    }
    await trust(tauHome(terminal), path, template);
    writeLine(
      terminal,
      `Wrote ${visible(path)}, and trusted it. Nothing in it changes anything until you edit it.`,
    );
    writeLine(terminal, 'Next: tau doctor, then tau run "…"');
    return exitCodes.ok;
  },
};
