import { TauError } from "@tau/core";

import type { ContainerEngine } from "../engine/container-engine.ts";
import { statusOf } from "../engine/container-engine.ts";
import { fieldsOf, textOf, textsOf } from "../engine/fields.ts";

const pullLimitMs = 900_000;
const byId = /^sha256:[0-9a-f]{64}$/u;
const byDigest = /^[\w./:-]{1,200}@sha256:[0-9a-f]{64}$/u;

/** An image of this machine. */
export interface PinnedImage {
  /** `sha256:…`: what containers are made of, whatever its names come to mean. */
  readonly id: string;
  /** Where its commands look for programs. */
  readonly programPath: readonly string[];
}

/**
 * Finds the image that `reference` pins, and pulls it when it is missing and `pull` allows it.
 *
 * Throws `container.image_not_pinned` for a tag, with the id that it means at present, and `container.image_missing`.
 */
export async function findPinnedImage(
  engine: ContainerEngine,
  { reference, pull }: { readonly reference: string; readonly pull: boolean },
  signal: AbortSignal,
): Promise<PinnedImage> {
  if (!byId.test(reference) && !byDigest.test(reference)) throw await notPinned(engine, reference, signal);
  const found = await lookUp(engine, reference, signal);
  if (found !== undefined) return found;
  if (pull && byDigest.test(reference)) {
    await pullImage(engine, reference, signal);
    const pulled = await lookUp(engine, reference, signal);
    if (pulled !== undefined) return pulled;
  }
  throw missing(reference);
}

/** Pulls an image; what stands in the way is a line of the answer, not its status. */
export async function pullImage(
  engine: ContainerEngine,
  reference: string,
  signal: AbortSignal,
): Promise<void> {
  const answer = await engine.open(
    { method: "POST", path: "/images/create", query: { fromImage: reference }, timeoutMs: pullLimitMs },
    AbortSignal.any([signal, AbortSignal.timeout(pullLimitMs)]),
  );
  let tail = "";
  for await (const chunk of answer) tail = `${tail}${String(chunk)}`.slice(-4000);
  if (/"error(?:Detail)?"\s*:/u.test(tail)) {
    throw new TauError("container.engine_failed", "The container engine could not pull the image.", {
      cause: new Error(tail),
    });
  }
}

async function lookUp(
  engine: ContainerEngine,
  reference: string,
  signal: AbortSignal,
): Promise<PinnedImage | undefined> {
  try {
    const image = fieldsOf(await engine.ask({ method: "GET", path: `/images/${reference}/json` }, signal));
    const id = textOf(image["Id"]);
    const path = textsOf(fieldsOf(image["Config"])["Env"]).find((line) => line.startsWith("PATH="));
    return {
      id: id.startsWith("sha256:") ? id : `sha256:${id}`,
      programPath: (path?.slice("PATH=".length) ?? defaultPath).split(":"),
    };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** What engines give a container whose image says nothing. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

async function notPinned(engine: ContainerEngine, reference: string, signal: AbortSignal): Promise<TauError> {
  const isName = /^[\w./:-]{1,200}$/u.test(reference);
  const found = isName ? await lookUp(engine, reference, signal) : undefined;
  const now = found === undefined ? "name@sha256:…" : `${found.id}, which is what it means now`;
  return new TauError("container.image_not_pinned", `The image is named by a tag. Write ${now}.`);
}

function missing(reference: string): TauError {
  const how = byDigest.test(reference) ? "Pull it, or allow Tau to" : "Import or build it";
  return new TauError("container.image_missing", `The image ${reference} is not on this machine. ${how}.`);
}
