import { TauError } from "@tau/core";

import type { Environment } from "./environment.ts";

const views = new WeakMap<Environment, Environment>();

/**
 * The same environment, for a tool that declared that it only reads: files cannot be written, and commands are run as
 * read-only and without a network. How far a command is held to that is the environment's to say: `info.enforced`.
 * Operations that are not named here are not passed on.
 */
export function readOnlyEnvironment(environment: Environment): Environment {
  const known = views.get(environment);
  if (known !== undefined) return known;
  const view: Environment = {
    info: environment.info,
    exec: (request, signal) => environment.exec({ ...request, readOnly: true, network: false }, signal),
    start: (request, signal) => environment.start({ ...request, readOnly: true, network: false }, signal),
    readFile: (path, signal) => environment.readFile(path, signal),
    stat: (path, signal) => environment.stat(path, signal),
    realPath: (path, signal) => environment.realPath(path, signal),
    writeFile: (path) => Promise.reject(writesNothing(path)),
  };
  views.set(environment, view);
  return view;
}

function writesNothing(path: string): TauError {
  return new TauError(
    "environment.denied",
    `Writing ${path} is refused: the tool is declared as pure, so it may only read. Declare what it does to the world as its sideEffect.`,
  );
}
