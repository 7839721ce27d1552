import { TauError } from "@tau/core";
import type { Tool } from "@tau/tools";
import { defineTool, textOutput } from "@tau/tools";

import { textOf } from "../client/kube-fields.ts";
import type { KubernetesContext } from "./kubernetes-options.ts";
import { clusterLabel, hostOf } from "./kubernetes-options.ts";
import { maxManifestLength } from "./parse-manifest.ts";
import type { ChangeInput } from "./plan-change.ts";
import { changeActions, planChange } from "./plan-change.ts";
import { maxPreviewChars, previewChange } from "./preview-change.ts";

/** The name of the tool, for the hook that belongs to it. */
export const changeToolName = "kubernetes_change";

const maxDetailChars = 30_000;

/**
 * Makes the tool that changes one object of a cluster, exactly as its preview showed it.
 *
 * The preview is in the call, put there by `createKubernetesHook()` before anybody decides; this tool makes it again and does
 * nothing unless it is the same to the letter. Then the change names the version that it was made for, so the server refuses
 * it when the object changed in between.
 */
export function createChangeTool(context: KubernetesContext): Tool {
  const { client } = context;
  return defineTool<ChangeInput>({
    name: changeToolName,
    description:
      "Changes one object of a Kubernetes cluster after a person saw the difference: apply (server-side, a manifest in YAML), delete, scale, restart (a rollout), patch (JSON merge patch). Leave `at` and `preview` out: they are filled in by a dry run of the server. Conflicts are not forced.",
    input: {
      type: "object",
      properties: {
        action: { type: "string", enum: [...changeActions] },
        manifest: { type: "string", maxLength: maxManifestLength, description: "For apply: one object." },
        resource: { type: "string", maxLength: 200, description: "As in deployments or statefulsets.apps." },
        name: { type: "string", minLength: 1, maxLength: 253 },
        namespace: { type: "string", minLength: 1, maxLength: 63 },
        replicas: { type: "integer", minimum: 0, maximum: 10_000 },
        patch: { type: "object" },
        at: { type: "string", maxLength: 40 },
        preview: { type: "string", maxLength: maxPreviewChars },
      },
      required: ["action"],
      additionalProperties: false,
    },
    sideEffect: "irreversible",
    timeoutMs: 60_000,
    label: clusterLabel(client),
    access: () => [
      { kind: "network", host: hostOf(client) },
      { kind: "send", host: hostOf(client) },
    ],
    async execute(input, { signal }) {
      if (input.preview === undefined) {
        throw new TauError(
          "kubernetes.not_previewed",
          "The change was not shown to anybody: the hook that previews changes is not in place. Add createKubernetesHook() to the agent's hooks.",
        );
      }
      const change = await planChange(context, input, signal);
      const preview = await previewChange(client, change, signal);
      if (preview.text !== input.preview) {
        throw new TauError(
          "kubernetes.conflict",
          `${change.resource.resource}/${change.name} is not as it was when the change was decided on, so nothing was done. Call again: there will be a new preview.`,
        );
      }
      if (!preview.changes) return textOutput(preview.text);
      const answer = await client.json(change.request(preview.live, false), signal);
      const version = textOf(answer, "metadata", "resourceVersion");
      const done = change.action === "delete" ? "Deleted." : `Done: now at resourceVersion ${version}.`;
      return textOutput(`${done}\n${preview.text}`, { details: { diff: beginningOf(preview.text) } });
    },
  });
}

/** For a screen, afterwards: the whole of it is in the answer. */
function beginningOf(diff: string): string {
  return diff.length <= maxDetailChars
    ? diff
    : `${diff.slice(0, maxDetailChars)}\n[The answer has the rest.]`;
}
