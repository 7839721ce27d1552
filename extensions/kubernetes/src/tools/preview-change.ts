import { createHash } from "node:crypto";

import type { JsonObject } from "@tau/core";
import { isTauError, TauError } from "@tau/core";
import { createTwoFilesPatch } from "diff";

import { fullName } from "../client/discovery.ts";
import type { KubeClient } from "../client/kube-client.ts";
import { textOf } from "../client/kube-fields.ts";
import { decidedObject, toYaml } from "./clean-object.ts";
import type { PlannedChange } from "./plan-change.ts";

/** A change as the cluster itself says it would be. */
export interface ChangePreview {
  /** What a person decides on: which object, the difference line by line, and a hash over all of both versions. */
  readonly text: string;
  readonly changes: boolean;
  /** The object as it is; undefined where there is none yet. */
  readonly live: JsonObject | undefined;
}

/** More than any object that a cluster keeps by default has, twice over in lines that go and lines that come. */
export const maxPreviewChars = 4_000_000;
/** A model writes one side of the difference, and may have been told what takes long. */
const maxDiffMs = 5_000;
/** What stands around the difference: names and a hash. */
const maxHeadChars = 2_000;

/**
 * Has the server carry the change out without keeping it, with its defaults, admission and conflicts, and compares. Throws the
 * `kubernetes.*` errors that the change itself would meet, and `kubernetes.too_large`.
 */
export async function previewChange(
  client: KubeClient,
  change: PlannedChange,
  signal: AbortSignal,
): Promise<ChangePreview> {
  const live = await liveOf(client, change, signal);
  const after = await client.json(change.request(live, true), signal);
  const before = live === undefined ? "" : toYaml(decidedObject(live));
  const then = change.action === "delete" ? "" : toYaml(decidedObject(after));
  const object = `${fullName(change.resource)}/${change.name} in ${change.namespace}`;
  const uid = live === undefined ? "new" : textOf(live, "metadata", "uid");
  const hash = createHash("sha256").update(`${before.length}:${before}${then}`).digest("hex");
  const lines = before === then ? "(nothing changes)\n" : differenceOf(before, then);
  return {
    live,
    changes: before !== then,
    text: `${change.action} ${object} (${uid})\n${lines}sha256 ${hash}`,
  };
}

async function liveOf(
  client: KubeClient,
  { action, path, resource, namespace, name }: PlannedChange,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  try {
    const asked = { verb: "get", resource: fullName(resource), namespace, name };
    return await client.json({ path, asked }, signal);
  } catch (error) {
    if (action === "apply" && isTauError(error) && error.code === "kubernetes.not_found") return undefined;
    throw error;
  }
}

/** The whole of it: what a person cannot see, they cannot allow. @throws TauError `kubernetes.too_large` */
function differenceOf(before: string, then: string): string {
  const patch = createTwoFilesPatch("now", "then", before, then, undefined, undefined, {
    context: 3,
    timeout: maxDiffMs,
  });
  if (patch === undefined)
    throw new TauError(
      "kubernetes.too_large",
      "The difference takes too long to be worked out. Change less at once, or have a person do it with kubectl.",
    );
  const lines = patch.split("\n").slice(1).join("\n");
  if (lines.length <= maxPreviewChars - maxHeadChars) return lines;
  throw new TauError(
    "kubernetes.too_large",
    `The difference has ${lines.length} characters, more than anybody can be shown. Change less at once, or have a person do it with kubectl.`,
  );
}
