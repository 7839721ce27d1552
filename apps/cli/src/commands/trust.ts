import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { TauError } from "@tau/core";

import { askLine } from "../ask-line.ts";
import { configSetText } from "../config-set.ts";
import { configPath, readConfigText } from "../config-file.ts";
import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { localInstructions } from "../memory/local-instructions.ts";
import { parseConfig } from "../parse-config.ts";
import { visible } from "../plain-text.ts";
import { createStyle } from "../style.ts";
import { tauHome } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { trust } from "../trust.ts";
import { usageError } from "../usage-error.ts";
import { vouchForFiles } from "../vouch-for-files.ts";

/** `tau trust`: lets a folder's configuration and instructions count. */
export const trustCommand: Command = {
  usage: "trust [FOLDER] [--files] [--yes]",
  description: `Shows the tau.toml of a folder, and the files that tell agents how to work there, and, once you say so,
trusts exactly these texts, and what is in .mcp.json and .tau. A change needs to be trusted anew; until then only
rules that deny or ask count. A tau.toml can allow commands, open the network and send your key to another
address, and AGENTS.md says what agents do: read them as you would a script.
With --files, instead, the files that sessions wrote untrusted text to: they are read as untrusted until you
change them, or vouch for them here.`,
  options: {
    files: { type: "boolean", help: "Vouch for files that untrusted text was written to." },
    yes: { type: "boolean", short: "y", help: "Do not ask: you have read it." },
  },
  maxWords: 1,
  examples: ["tau trust", "tau trust ../other-project", "tau trust --files"],

  async run(args, terminal) {
    const folder = resolve(terminal.cwd, args.positionals[0] ?? ".");
    const home = tauHome(terminal);
    const isSure = async (what: string): Promise<boolean> =>
      flagOption(args, "yes") || (await isWanted(what, terminal));
    if (flagOption(args, "files")) return await vouchForFiles(folder, terminal, isSure);
    const texts = [...(await configText(folder)), ...(await instructionTexts(home, folder))];
    if (texts.length === 0)
      throw new TauError(
        "config.not_found",
        `There is neither a ${configPath(folder)} nor an AGENTS.md that is to be trusted. Make one with "tau init".`,
      );
    for (const { path, text } of texts)
      writeLine(terminal, `${texts.length > 1 ? `${visible(path)}:\n` : ""}${visible(text).trimEnd()}\n`);
    if (!(await isSure(texts.map(({ path }) => path).join(", ")))) {
      writeLine(terminal, "Not trusted; nothing was changed.");
      return exitCodes.denied;
    }
    for (const { path, text } of texts) {
      await trust(home, path, text);
      writeLine(terminal, `Trusted ${visible(path)} as shown above.`);
    }
    return exitCodes.ok;
  },
};

interface TrustedText {
  readonly path: string;
  readonly text: string;
}

async function configText(folder: string): Promise<readonly TrustedText[]> {
  const path = configPath(folder);
  const text = await readConfigText(path);
  if (text === undefined) return [];
  parseConfig(text, path);
  return [{ path, text: await configSetText(path, text) }];
}

/** The instructions of the project that nobody has trusted as they are; whole, for all of it is to be trusted. */
async function instructionTexts(home: string, cwd: string): Promise<readonly TrustedText[]> {
  const there = await stat(cwd).catch(() => undefined);
  if (there?.isDirectory() !== true) return [];
  const { files } = await localInstructions({ home, cwd }, Number.MAX_SAFE_INTEGER);
  return files.filter(({ label, isClipped }) => label.integrity === "untrusted" && !isClipped);
}

async function isWanted(path: string, terminal: Terminal): Promise<boolean> {
  if (!isInteractive(terminal))
    throw usageError(`Nobody can be asked here: read ${path}, then run "tau trust --yes".`);
  const prompt = createStyle(terminal)("bold", "Trust this? [y]es or [n]o: ");
  const said = await askLine(terminal, prompt, new AbortController().signal);
  return /^y(es)?$/iu.test(said?.trim() ?? "");
}
