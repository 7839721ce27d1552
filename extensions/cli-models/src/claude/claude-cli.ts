import { createCliModel } from "../cli-model.ts";
import type { CliModel } from "../cli-model.ts";
import type { CliModelOptions } from "../options.ts";
import { claudeProtocol } from "./protocol.ts";

/**
 * Makes a {@link CliModel} that asks Anthropic's `claude` command, with the login that it keeps: one process a
 * call, without its own tools, hooks, MCP servers or the user's instructions. Streams, thinks, and sees pictures.
 *
 * The request's tools are shown to it by an MCP server that answers no call: at the end of the model's turn the
 * command is ended, and the calls are those of the answer, as with any other model.
 *
 * `temperature`, `topP` and `seed` are ignored: the command cannot pass them on.
 *
 * @throws TauError its stream throws `model.cli_missing`, `model.cli_home`, `model.cli_died` and the codes of `@tau/agent`
 */
export function createClaudeCli(options: CliModelOptions): CliModel {
  return createCliModel(claudeProtocol(options.model), options);
}
