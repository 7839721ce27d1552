import { createPermissionPolicy } from "@tau/tools";
import type { EffectRequest, PermissionLayer, PermissionPolicy } from "@tau/tools";

import { home, workspace } from "./model.ts";
import type { ModelCall, ModelEffect, ModelPolicy, ModelRule } from "./model.ts";

/** Makes the real policy of a model of one. */
export function toPolicy({ profile, enforced, network, rules }: ModelPolicy): PermissionPolicy {
  const layers = rules.map(({ verdict, layer, trusted, about }): PermissionLayer => {
    return { layer, trusted, rules: { [verdict]: [ruleText(about)] } };
  });
  return createPermissionPolicy({ profile, enforced, network, layers, approvals: "ask", home });
}

function ruleText(about: ModelRule["about"]): string {
  switch (about.kind) {
    case "everything":
      return "*";
    case "tool":
      return about.name;
    case "command":
      if (about.words === undefined) return "bash";
      return `bash(${about.words.join(" ")}${about.rest === true ? " *" : ""})`;
    case "network":
      return about.host === undefined ? "network" : `network(${about.host})`;
    default:
      if (about.file !== undefined) return `${about.kind}(${about.file})`;
      return about.folder === undefined ? about.kind : `${about.kind}(${about.folder}/**)`;
  }
}

/** Makes the real request of a model of a call: commands and redirections as one piece of shell source. */
export function toRequest({ tool, effects }: ModelCall): EffectRequest {
  const pure = effects.every((effect) => effect.kind !== "other" || effect.pure);
  const frame = { tool: { name: tool, sideEffect: pure ? "pure" : "irreversible" }, workspace } as const;
  if (tool === "bash")
    return { ...frame, access: [{ kind: "command", source: sourceOf(effects), cwd: workspace }] };
  return {
    ...frame,
    access: effects.map((effect) => {
      if (effect.kind === "read" || effect.kind === "write") return { kind: effect.kind, path: effect.path };
      return effect.kind === "network" ? { kind: "network", host: effect.host } : { kind: "other" };
    }),
  };
}

/** Each command on a line, and redirections with the one before them. */
function sourceOf(effects: readonly ModelEffect[]): string {
  return effects
    .map((effect, index) => {
      if (effect.kind === "command")
        return `${index === 0 ? "" : separators[index % separators.length]}${commandText(effect)}`;
      if (effect.kind === "read" || effect.kind === "write")
        return ` ${effect.kind === "read" ? "<" : ">"} ${effect.path}`;
      return "";
    })
    .join("");
}

const separators = ["; ", " && ", " || ", "\n", " | "];

function commandText({ argv, wrapped }: Extract<ModelEffect, { kind: "command" }>): string {
  const text = argv.map((word) => word ?? '"$v"').join(" ");
  switch (wrapped) {
    case "timeout":
      return `timeout 9 ${text}`;
    case "env":
      return `env CI=1 ${text}`;
    case "bash":
      return `bash -c '${text}'`;
    case "subshell":
      return `( ${text} )`;
    case "negated":
      return `! ${text}`;
    case "substituted":
      return `echo "$(${text})"`;
    default:
      return text;
  }
}
