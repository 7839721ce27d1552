import type { Model, ModelRequest } from "@tau/agent";
import { isJsonObject, isTauError, parseJson } from "@tau/core";
import type { CallContext, ModelEvent } from "@tau/core";
import { commandVariables } from "@tau/tools";

import { assertAnswerable } from "./answerable.ts";
import { diedError, failureError, missingError, processError } from "./cli-error.ts";
import type { CliCall } from "./cli-error.ts";
import { CliProcess } from "./cli-process.ts";
import type { CliProtocol, CliReader } from "./cli-protocol.ts";
import { findProgram } from "./find-program.ts";
import { createCallFolder, openPlace } from "./home.ts";
import type { CallFolder } from "./home.ts";
import type { CliModelOptions } from "./options.ts";

/** A model behind a command. Disposing of it waits until none of its processes is alive. */
export interface CliModel extends Model, AsyncDisposable {}

/** Makes a {@link CliModel} out of what differs between commands: one process a call. */
export function createCliModel(protocol: CliProtocol, options: CliModelOptions): CliModel {
  const identity = { provider: protocol.provider, model: options.model };
  const secrets = Object.entries(options.env ?? {})
    .filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i.test(name))
    .map(([, value]) => value);
  const call: CliCall = { identity, protocol, secrets };
  const closing = new Set<Promise<void>>();

  /** Lets a call end behind its reader, who need not wait for it. */
  function closeLater(work: Promise<void>): void {
    const settled = work.catch(() => undefined).finally(() => closing.delete(settled));
    closing.add(settled);
  }

  return {
    provider: protocol.provider,
    id: options.model,
    capabilities: { ...protocol.capabilities, ...sizes(options) },
    ...(options.price === undefined ? {} : { price: options.price }),
    ...(options.contextWindow === undefined ? {} : { contextWindow: options.contextWindow }),

    async *stream(request: ModelRequest, context: CallContext) {
      const { signal } = context;
      signal.throwIfAborted();
      assertAnswerable(request, protocol.capabilities, identity);
      const { process, folder } = await start(request, context, { call, protocol, options });
      const reader = protocol.createReader(identity);
      let endsItself = false;
      try {
        for await (const batch of batches(process, reader)) {
          const last = batch.at(-1);
          // A command whose answer stopped early would ask for the rest of it.
          endsItself = last?.type === "finished" && last.stopReason === "stop";
          yield batch;
          if (last?.type === "finished") return;
        }
        const failure = reader.failure(process.exit);
        throw failure === undefined ? diedError(call, process.exit) : failureError(call, failure);
      } catch (error) {
        signal.throwIfAborted();
        throw processError(call, error);
      } finally {
        closeLater(process.close(endsItself).then(() => folder[Symbol.asyncDispose]()));
      }
    },

    async [Symbol.asyncDispose]() {
      await Promise.all(closing);
    },
  };
}

function sizes({ contextWindow, price }: CliModelOptions): object {
  return {
    ...(contextWindow === undefined ? {} : { maxContextTokens: contextWindow }),
    ...(price === undefined ? {} : { price }),
  };
}

interface Started {
  readonly process: CliProcess;
  readonly folder: CallFolder;
}

async function start(
  request: ModelRequest,
  { tenant, signal }: CallContext,
  parts: { readonly call: CliCall; readonly protocol: CliProtocol; readonly options: CliModelOptions },
): Promise<Started> {
  const { call, protocol, options } = parts;
  const env = { ...commandVariables(globalThis.process.env), ...options.env };
  const program = await findProgram(options.program ?? protocol.command, env["PATH"] ?? "");
  if (program === undefined) throw missingError(call);
  const place = await openPlace(options.home, tenant, protocol.command);
  const folder = await createCallFolder(place);
  try {
    const { args, env: own, stdin } = await protocol.invoke(request, folder);
    const command = {
      program,
      args,
      env: { ...env, ...own, ...options.env, HOME: place.home },
      cwd: place.workFolder,
      stdin,
    };
    return { process: CliProcess.start(command, options.limits ?? {}, signal), folder };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the lines say, as it comes; what was said before a failure goes out first. */
async function* batches(process: CliProcess, reader: CliReader): AsyncGenerator<readonly ModelEvent[]> {
  for (let lines = await process.next(); lines !== undefined; lines = await process.next()) {
    const batch: ModelEvent[] = [];
    let failure: unknown;
    for (const line of lines) {
      // A line that is no JSON is a warning that went to the wrong output.
      const parsed = parseJson(line);
      if (!parsed.ok || !isJsonObject(parsed.value)) continue;
      try {
        batch.push(...reader.read(parsed.value));
      } catch (error) {
        if (!isTauError(error)) throw error;
        failure = error;
      }
      if (failure !== undefined || batch.at(-1)?.type === "finished") break;
    }
    if (batch.length > 0) yield batch;
    if (failure !== undefined) throw failure;
  }
}
