import { writeFile } from "node:fs/promises";

import { TauError } from "@tau/core";

import { configPath } from "../config-file.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { tauHome } from "../settings.ts";
import { writeLine } from "../terminal.ts";
import { trust } from "../trust.ts";

const template = `# What Tau uses in this folder. Flags win over this file; this file wins over the environment.
# After a change, run "tau trust": a folder's file counts only once a person has read it.

[model]
# provider = "anthropic"            # anthropic, openai, openrouter, ollama or compatible
# id = "claude-sonnet-4-5"
# base_url = "http://127.0.0.1:8000/v1"
# api_key = "env:ANTHROPIC_API_KEY" # env:NAME or file:PATH, never the key itself
# input_price = 3000000             # micro-USD per million tokens
# output_price = 15000000

[agent]
# instructions = "You work on this project. Run the tests before you say that you are done."
# max_steps = 50

[permissions]
profile = "workspace-write"         # read-only, workspace-write or full
# approve = "ask"                   # never, ask or policy
# allow = ["bash(npm test)"]
# ask = ["bash(git push *)"]
# deny = ["write(migrations/**)"]

[environment]
kind = "jail"                       # jail, or host: no sandbox at all
network = false
`;

/** `tau init`: a configuration file to start from. */
export const initCommand: Command = {
  usage: "init",
  description: "Writes a tau.toml with every key and what it means, and trusts it. Does not overwrite one.",
  options: {},
  examples: ["tau init"],

  async run(_args, terminal) {
    const path = configPath(terminal.cwd);
    try {
      await writeFile(path, template, { flag: "wx" });
    } catch (error) {
      throw new TauError(
        "config.exists",
        `${path} exists already, or cannot be written; it was left as it is.`,
        { cause: error },
      );
    }
    await trust(tauHome(terminal), path, template);
    writeLine(terminal, `Wrote ${path}. Next: tau doctor, then tau run "…"`);
    return exitCodes.ok;
  },
};
