import { once } from "node:events";

import { startServer } from "@tau/server";

import { countOption, textOption } from "../command.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findModel } from "../find-model.ts";
import { localTenant, openEnvironment, openLocalRuntime } from "../local-runtime.ts";
import { createLogObserver } from "../log-observer.ts";
import { agentOptions, homeNote, readSettings } from "../settings.ts";
import { writeLine } from "../terminal.ts";

/** `tau serve`: the runtime behind ConnectRPC. */
export const serveCommand: Command = {
  usage: "serve [--host HOST] [--port N] [--token REF] [options]",
  description: `Serves the runtime: gRPC, gRPC-Web, Connect and plain JSON over HTTP on one port. Takes up interrupted runs.
Binds to this machine only; any other host needs a token. Sessions work in --cwd and below it.
${homeNote}`,
  options: {
    host: { type: "string", value: "HOST", help: "Default 127.0.0.1." },
    port: { type: "string", value: "N", help: "Default 7117." },
    token: {
      type: "string",
      value: "REF",
      help: "Callers must have this bearer token: env:NAME or file:PATH.",
    },
    ...agentOptions,
  },
  examples: [
    "tau serve",
    "tau serve --host 0.0.0.0 --token env:TAU_TOKEN",
    `curl -H 'content-type: application/json' -d '{}' http://127.0.0.1:7117/tau.runtime.v1.RuntimeService/CreateSession`,
  ],

  async run(args, terminal) {
    // Somebody can answer through the contract, so what the rules leave open is asked.
    const settings = await readSettings(args, terminal, true);
    const model = await findModel(settings, terminal);
    const observer = createLogObserver(terminal.stderr);
    // A server that cannot confine its agents should say so now, not at the first prompt.
    await using environment = await openEnvironment(settings, settings.cwd);
    await using local = await openLocalRuntime({ settings, model, takesUp: "all", confined: true, observer });
    const [host, token, port] = [
      textOption(args, "host"),
      textOption(args, "token"),
      countOption(args, "port"),
    ];
    await using server = await startServer({
      runtime: local.runtime,
      tenant: localTenant,
      observer,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(token === undefined ? {} : { token }),
    });
    writeLine(
      terminal,
      `Serving ${settings.cwd} on ${server.url} (${environment.info.kind}, ${settings.profile}). Ctrl-C stops.`,
    );
    await Promise.race([interrupted(terminal), once(process, "SIGTERM")]);
    writeLine(terminal, "Stopping; runs go on when a server is back.");
    return exitCodes.ok;
  },
};

function interrupted({ onInterrupt }: Parameters<Command["run"]>[1]): Promise<void> {
  return new Promise((resolve) => onInterrupt(resolve));
}
