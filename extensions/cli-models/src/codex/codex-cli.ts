import { createCliModel } from "../cli-model.ts";
import type { CliModel } from "../cli-model.ts";
import type { CliModelOptions } from "../options.ts";
import { codexProtocol } from "./protocol.ts";

/** Options of {@link createCodexCli}. */
export interface CodexCliOptions extends CliModelOptions {
  /**
   * Settings as the command's `--config` takes them, for example `model_provider="mine"`: the user's own
   * `config.toml` is not read, because it may bring tools.
   */
  readonly config?: readonly string[];
}

/**
 * Makes a {@link CliModel} that asks OpenAI's `codex` command, with the login that it keeps: one process a call,
 * in a read-only sandbox, without tools, plugins or the user's instructions. The command tells an answer in whole
 * messages, not in fragments. Sees pictures and can be held to an output schema.
 *
 * `temperature`, `topP`, `seed` and `maxOutputTokens` are ignored: the command cannot pass them on.
 *
 * @throws TauError its stream throws `model.cli_missing`, `model.cli_home`, `model.cli_died` and the codes of `@tau/agent`
 */
export function createCodexCli(options: CodexCliOptions): CliModel {
  return createCliModel(codexProtocol(options.model, options.config ?? []), options);
}
