import { findAbleModel } from "../able-model.ts";
import { agentOptions } from "../agent-options.ts";
import { assembleAgent } from "../assemble-agent.ts";
import { flagOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findSkills } from "../find-skills.ts";
import { listSets, listTools } from "../list-tools.ts";
import type { ListedTool } from "../list-tools.ts";
import { localContext } from "../local-context.ts";
import { columns } from "../model-lines.ts";
import { noModel } from "../no-model.ts";
import { plain, plainJson } from "../plain-text.ts";
import { readSettings } from "../read-settings.ts";
import { createStyle } from "../style.ts";
import { homeNote } from "../tau-home.ts";
import { isInteractive, writeLine } from "../terminal.ts";
import { wrongVerb } from "../verb-hint.ts";

/** `tau tools`: what agents can do here. */
export const toolsCommand: Command = {
  usage: "tools list [options]",
  description: `Lists the tools that an agent would have with these options in this folder: where each comes from, what running
it twice would mean, the scopes that it needs, whether the model is told of it, and a rule that denies every call
of it. Then the sets of tools that are off, and how to turn them on. Runs nothing and asks no model.
${homeNote}`,
  options: { ...agentOptions, json: { type: "boolean", help: "Print every tool as a line of JSON." } },
  maxWords: 1,
  examples: [
    "tau tools list",
    "tau tools list --with script,python --role reviewer",
    "tau tools list --json | jq -r 'select(.visible == \"yes\").name'",
  ],

  async run(args, terminal) {
    const [verb = "list"] = args.positionals;
    if (verb !== "list") throw wrongVerb(verb, ["list"], "Say `tau tools list`.");
    const settings = await readSettings(args, terminal, isInteractive(terminal));
    // Which model it is decides how files are edited; without one, the tools are those of any.
    const model = await findAbleModel(settings, terminal).then(
      (found) => found.model,
      () => noModel,
    );
    const { skills } = await findSkills(settings);
    await using assembled = await assembleAgent({ settings, model, skills, layers: [] });
    const [agent] = assembled.agents;
    const { principal } = localContext(terminal);
    const tools = listTools({ agent, sources: assembled.sources, settings, principal });
    const sets = listSets(settings);
    if (flagOption(args, "json")) {
      for (const one of [...tools, ...sets]) writeLine(terminal, plainJson(one));
      return exitCodes.ok;
    }
    const style = createStyle(terminal);
    const [heading = "", ...lines] = columns([["NAME", "FROM", "CLASS", "SHOWN"], ...tools.map(cellsOf)]);
    for (const line of [style("dim", heading), ...lines.map(plain)]) writeLine(terminal, line);
    if (sets.length > 0) writeLine(terminal, `\n${style("dim", "NOT THERE")}`);
    for (const line of columns(sets.map(({ name, why }) => [name, why]))) writeLine(terminal, line);
    return exitCodes.ok;
  },
};

function cellsOf({ name, source, sideEffect, scopes, visible, why, denied }: ListedTool): readonly string[] {
  const needs = scopes.length === 0 ? "" : `, scopes ${scopes.join(" ")}`;
  const shown = why === undefined ? visible : `${visible}: ${why}`;
  const ruled = denied === undefined ? "" : `; every call is denied by the rule ${denied}`;
  return [name, source, `${sideEffect}${needs}`, `${shown}${ruled}`];
}
