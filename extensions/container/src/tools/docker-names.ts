import { TauError } from "@tau/core";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { statusOf } from "../engine/container-engine.ts";
import type { Fields } from "../engine/fields.ts";
import { fieldsOf, textOf } from "../engine/fields.ts";
import { containerLabels } from "../leftovers/owner-labels.ts";
import type { DockerAccess } from "./docker-options.ts";

/** A container as the engine describes it. */
export interface KnownContainer {
  readonly id: string;
  readonly fields: Fields;
}

/** Who asks, and what for. */
export interface Visit {
  readonly tenant: string;
  readonly signal: AbortSignal;
  /** Changing is not allowed in the containers in which Tau runs commands. */
  readonly change?: true;
}

/** Looks a container up by name or id. Throws `container.not_found` and `container.not_yours`. */
export async function knownContainer(
  { engine, scope }: DockerAccess,
  name: string | undefined,
  { tenant, signal, change }: Visit,
): Promise<KnownContainer> {
  if (name === undefined || !/^[a-zA-Z0-9][\w.-]{0,127}$/u.test(name)) {
    throw new TauError("tool.invalid_arguments", "container: the name or the id of one container is needed.");
  }
  const fields = await found(engine(), `/containers/${name}/json`, { what: `container ${name}`, signal });
  const labels = fieldsOf(fieldsOf(fields["Config"])["Labels"]);
  const isForeign = scope === "tenant" && textOf(labels[containerLabels.tenant]) !== tenant;
  // Who may not see it is not told that it exists.
  if (isForeign) throw notFound(`container ${name}`);
  if (change === true && labels[containerLabels.environment] !== undefined) {
    throw new TauError("container.not_yours", "Tau runs commands in this container, so it is left alone.");
  }
  return { id: textOf(fields["Id"]), fields };
}

/** Looks an image up. Throws `container.not_found`. */
export async function knownImage(
  engine: ContainerEngine,
  name: string | undefined,
  signal: AbortSignal,
): Promise<KnownContainer> {
  const reference = imageName(name);
  const fields = await found(engine, `/images/${reference}/json`, { what: `image ${reference}`, signal });
  return { id: textOf(fields["Id"]), fields };
}

/** Checks the name of an image: it becomes part of a path. */
export function imageName(name: string | undefined): string {
  const isFine = name !== undefined && /^[a-z0-9][\w./:@-]{0,255}$/iu.test(name) && !/\.\.|\/\//u.test(name);
  if (isFine) return name;
  throw new TauError(
    "tool.invalid_arguments",
    "image: a name such as alpine:3, name@sha256:… or an id is needed.",
  );
}

async function found(
  engine: ContainerEngine,
  path: string,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
): Promise<Fields> {
  try {
    return fieldsOf(await engine.ask({ method: "GET", path }, signal));
  } catch (error) {
    throw statusOf(error) === 404 ? notFound(what) : error;
  }
}

function notFound(what: string): TauError {
  return new TauError("container.not_found", `There is no ${what}. List them with ps or images.`);
}
