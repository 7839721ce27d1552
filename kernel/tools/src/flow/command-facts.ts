import { basename } from "node:path/posix";

import { joinLabels, untrusted, workspaceLabel } from "@tau/core";
import type { EffectKind, Label } from "@tau/core";

import type { Access } from "../access.ts";
import { isWithin } from "../host/path-policy.ts";
import type { CallEffect } from "../permissions/call-effect.ts";
import { effectsOfSource } from "../permissions/source-effects.ts";
import { readFacts, writeKind } from "./file-facts.ts";
import type { CallFacts, FlowPlace } from "./flow-place.ts";
import { secretOfPath } from "./secret-path.ts";

/** Programs that bring something in from outside, where nothing keeps them from it; with verbs, only for those. */
const networkPrograms: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...`aws az curl ftp gcloud gh glab helm http https kubectl lynx nc ncat npx nslookup rsync scp sftp ssh telnet terraform w3m wget`
    .split(" ")
    .map((name) => [name, new Set<string>()] as const),
  ...[
    ["bun", "add create install update x"],
    ["cargo", "add fetch install publish update"],
    ["composer", "install require update"],
    ["docker", "build login pull push run"],
    ["gem", "fetch install push update"],
    ["git", "clone fetch ls-remote pull push remote submodule"],
    ["go", "get install mod"],
    ["npm", "add ci exec i install publish update view x"],
    ["pip", "download install"],
    ["pip3", "download install"],
    ["pnpm", "add dlx i install publish update"],
    ["podman", "build login pull push run"],
    ["poetry", "add install publish update"],
    ["svn", "checkout co commit update"],
    ["uv", "add pip sync tool"],
    ["yarn", "add dlx install npm up upgrade"],
  ].map(([name = "", verbs = ""]) => [name, new Set(verbs.split(" "))] as const),
]);

/** What running shell source does: what the environment lets it do, not what its words say. */
export function commandFacts(access: Extract<Access, { kind: "command" }>, place: FlowPlace): CallFacts {
  const { enforced, profile } = place.environment;
  const reached = reachedNetwork(profile.network);
  const effects = effectsOfSource(access, place.home);
  const outside = effects.flatMap((effect) => outsideLabel(effect, place));
  const origin = place.trustedWorkspace ? workspaceLabel : untrusted("workspace", "workspace");
  const label: Label = joinLabels({ ...origin, origins: ["command"] }, ...outside);
  const readsOutside: readonly EffectKind[] = outside.length > 0 ? ["read_untrusted"] : [];
  if (enforced && !reached) return { kinds: [...containedKinds(place), ...readsOutside], label };

  const files = effects.flatMap((effect) => fileFacts(effect, place));
  const fetches = reached || effects.some(isNetworkCommand);
  return {
    kinds: [
      ...(enforced ? containedKinds(place) : (["irreversible"] as const)),
      ...(fetches ? (["external", "read_untrusted"] as const) : []),
      ...readsOutside,
      ...(enforced ? [] : files.flatMap(({ kinds }) => kinds)),
    ],
    label: joinLabels(
      label,
      ...(fetches ? [untrusted("command:network")] : []),
      ...files.flatMap((facts) => facts.label ?? []),
    ),
  };
}

/** How far to trust what a command printed of which nothing is known but where it ran. */
export function outputLabel({ environment, trustedWorkspace }: FlowPlace): Label {
  const { enforced, profile } = environment;
  const bounded = enforced && !reachedNetwork(profile.network);
  return {
    ...(bounded && trustedWorkspace ? workspaceLabel : untrusted("workspace", "workspace")),
    origins: ["command"],
  };
}

function reachedNetwork(network: FlowPlace["environment"]["profile"]["network"]): boolean {
  return typeof network === "boolean" ? network : network.hosts.length > 0;
}

/** Nothing but a look at it before it is done keeps a command from writing what other programs obey. */
function containedKinds({ environment, judgedWrites, trustedWorkspace }: FlowPlace): readonly EffectKind[] {
  const reads: EffectKind = trustedWorkspace ? "read" : "read_untrusted";
  if (environment.profile.access === "read-only") return [reads];
  if (environment.profile.access === "full") return [reads, "command", "irreversible"];
  return [reads, "command", ...(judgedWrites ? [] : (["persist"] as const))];
}

/** What the words of a command say of files: a guess, which only adds. */
function fileFacts(effect: CallEffect, place: FlowPlace): readonly CallFacts[] {
  if (effect.kind === "read") {
    // Words are guesses: `/usr/bin/env` is no reason to distrust an answer, a secret file is one to guard it.
    return secretOfPath(effect.path, place.home) === undefined ? [] : [readFacts(effect.path, place)];
  }
  if (effect.kind === "write") {
    return effect.by === "redirect" ? [{ kinds: [writeKind(effect.path, place)] }] : [];
  }
  if (effect.kind !== "network" && effect.kind !== "send") return [];
  return [{ kinds: ["external"], label: untrusted(`web:${effect.host}`) }];
}

/** Where programs, their settings and devices are. */
const systemFolders = /^\/(?:bin|dev|etc|lib\w*|nix|opt|proc|run|sbin|sys|usr)(?:\/|$)/u;

/**
 * What the words of a command say that it reads outside of the workspace: nobody vouches for that, whether a tool for files
 * reads it or `cat`. A jail's folder for temporary files is the command's own.
 */
function outsideLabel(effect: CallEffect, place: FlowPlace): readonly Label[] {
  if (effect.kind !== "read" || effect.by === "guess") return [];
  const { path } = effect;
  const { enforced, profile } = place.environment;
  if (isWithin(path, profile.workspace) || systemFolders.test(path)) return [];
  if (enforced && isWithin(path, "/tmp")) return [];
  return [untrusted(`file:${path}`, "workspace")];
}

function isNetworkCommand(effect: CallEffect): boolean {
  if (effect.kind !== "command") return false;
  const words = effect.command.argv.map(({ value }) => value);
  // Any word may be the program where a launcher comes first: `sudo curl`, `xargs wget`.
  const programs = effect.command.role === "launcher" ? words : words.slice(0, 1);
  return programs.some((word) => {
    const verbs = networkPrograms.get(basename(word ?? ""));
    if (verbs === undefined || verbs.size === 0) return verbs !== undefined;
    return words.some((verb) => verb === undefined || verbs.has(verb));
  });
}
