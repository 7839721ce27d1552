import { createCliModel } from "../cli-model.ts";
import type { CliModel } from "../cli-model.ts";
import type { CliModelOptions } from "../options.ts";
import { geminiProtocol } from "./protocol.ts";

/**
 * Makes a {@link CliModel} that asks Google's `gemini` command, with the login that it keeps: one process a call,
 * without tools, extensions, hooks, MCP servers or the user's instructions. Text only; thoughts are not shown.
 *
 * `temperature`, `topP`, `seed`, `maxOutputTokens` and `reasoning` are ignored: the command cannot pass them on. It
 * does not say why an answer ended either: one that was cut by the model's limit counts as whole.
 *
 * @throws TauError its stream throws `model.cli_missing`, `model.cli_home`, `model.cli_died` and the codes of `@tau/agent`
 */
export function createGeminiCli(options: CliModelOptions): CliModel {
  return createCliModel(geminiProtocol(options.model), options);
}
