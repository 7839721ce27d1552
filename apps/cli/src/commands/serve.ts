import { realpath } from "node:fs/promises";

import { tuneCollector, tuneCompiler } from "@tau/runtime";
import { startServer } from "@tau/server";

import { agentOptions } from "../agent-options.ts";
import { findAbleModel } from "../able-model.ts";
import { servedFolders } from "../bound/served-folders.ts";
import { createServedWork } from "../bound/served-work.ts";
import { hostOption, portOption, textOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { localTenant } from "../local-context.ts";
import { openLocalRuntime } from "../local-runtime.ts";
import { createLogObserver } from "../log-observer.ts";
import { instructionNotes } from "../memory/local-instructions.ts";
import { warnOfNamedSets } from "../named-sets.ts";
import { openEnvironment } from "../open-environment.ts";
import { plain } from "../plain-text.ts";
import { servedRuntime } from "../served-runtime.ts";
import { readSettings } from "../read-settings.ts";
import { homeNote } from "../tau-home.ts";
import { writeLine } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

/** `tau serve`: the runtime behind ConnectRPC. */
export const serveCommand: Command = {
  usage: "serve [--host HOST] [--port N] [--token REF] [options]",
  description: `Serves the runtime: gRPC, gRPC-Web, Connect and plain JSON over HTTP on one port. Takes up interrupted
runs. Binds to this machine only; any other host needs a token. Sessions work in --cwd and below it,
and in what tau.toml names as folders in [serve].
What no rule covers is asked, through the contract: set --approve policy or never to change that.
${homeNote}`,
  options: {
    host: { type: "string", value: "HOST", help: "Default 127.0.0.1." },
    port: { type: "string", value: "N", help: "Default 7117; 0 takes any that is free." },
    token: {
      type: "string",
      value: "REF",
      help: "Callers must have this bearer token: env:NAME or file:PATH.",
    },
    ...agentOptions,
  },
  maxWords: 0,
  examples: [
    "tau serve",
    "tau serve --host 0.0.0.0 --token env:TAU_TOKEN",
    "curl -H 'content-type: application/json' -d '{}' \\\n    http://127.0.0.1:7117/tau.runtime.v1.RuntimeService/CreateSession",
  ],

  async run(args, terminal) {
    tuneCollector();
    tuneCompiler();
    const [host, token] = [hostOption(args), textOption(args, "token")];
    const port = portOption(args);
    // Somebody can answer through the contract, so what the rules leave open is asked.
    const settings = await readSettings(args, terminal, true);
    const { model, doubts } = await findAbleModel(settings, terminal);
    await warnOfNamedSets(args, settings, terminal);
    const observer = createLogObserver(terminal.stderr);
    // A server that cannot confine its agents should say so now, not at the first prompt.
    await using environment = await openEnvironment(settings, await realpath(settings.cwd));
    const foldersOf = servedFolders(settings);
    await using local = await openLocalRuntime({
      settings,
      model,
      takesUp: "in-folder",
      foldersOf,
      observer,
    });
    const runtime = servedRuntime(local, { settings, foldersOf });
    const told = whenToldToStop(terminal);
    await using server = await startServer({
      runtime,
      work: createServedWork({ ...local, runtime, settings, foldersOf }),
      tenant: localTenant,
      observer,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(token === undefined ? {} : { token }),
    });
    const { kind } = environment.info;
    writeLine(
      terminal,
      `Serving ${settings.cwd} on ${server.url} (${kind}, ${settings.profile}, ${model.provider} ${model.id}). Ctrl-C stops.`,
    );
    if (settings.folders !== undefined)
      writeLine(terminal, `Sessions may also work in ${settings.folders.map(plain).join(", ")}.`);
    for (const note of instructionNotes(local.instructions)) writeLine(terminal, plain(note));
    if (local.waitingSkills > 0)
      writeLine(terminal, `Skills that are not used: ${local.waitingSkills}. "tau skills list" says why.`);
    for (const doubt of doubts) writeLine(terminal, `Of this model ${doubt}. Measure it: tau probe.`);
    if (local.takenUp.length > 0)
      writeLine(terminal, `Going on with interrupted sessions: ${local.takenUp.join(", ")}`);
    await told;
    writeLine(terminal, "Stopping. Unfinished runs go on when a server is back.");
    return exitCodes.ok;
  },
};

/** Settles at the first Ctrl-C or SIGTERM; the next Ctrl-C quits at once. */
function whenToldToStop(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let presses = 0;
    terminal.onLeave(() => resolve());
    terminal.onInterrupt(() => {
      presses += 1;
      if (presses > 1) terminal.quit(exitCodes.interrupted);
      resolve();
    });
  });
}
