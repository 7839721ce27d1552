import { joinLabels, unreachable, untrusted } from "@tau/core";
import type { Label } from "@tau/core";

import type { Access } from "../access.ts";
import type { Tool } from "../tool.ts";
import { commandFacts, outputLabel } from "./command-facts.ts";
import { readFacts, writeKind } from "./file-facts.ts";
import type { CallFacts, FlowPlace } from "./flow-place.ts";

/** A call, as rules about the flow of information look at it. */
export interface FlowCall {
  readonly tool: Pick<Tool, "name" | "sideEffect" | "label" | "effects" | "showsCommands">;
  readonly access: readonly Access[];
  /** Whether the person who prompts wrote everything that the call would send; see {@link isSaidBy}. */
  readonly saidByUser?: boolean;
  /** Whether the call acts by commands of the environment alone; see `Tool.actsByCommands`. */
  readonly actsByCommands?: boolean;
  /** Whether what its commands write is looked at before it is done. */
  readonly judgedWrites?: boolean;
}

/** Finds out what a call does and what its answer is made of, from what its tool says that it touches. */
export function callFacts(
  { tool, access, saidByUser = false, actsByCommands = false, judgedWrites = false }: FlowCall,
  where: FlowPlace,
): CallFacts {
  const place: FlowPlace = judgedWrites ? { ...where, judgedWrites } : where;
  const looks = saidByUser && tool.sideEffect === "pure";
  const parts = access.map((one) =>
    looks && one.kind === "network" ? fetched(one) : accessFacts(one, place),
  );
  if (tool.effects !== undefined) parts.push({ kinds: tool.effects });
  else if (access.every(({ kind }) => kind === "other")) parts.push(toolFacts(tool));
  else if (tool.sideEffect === "irreversible" && !actsByCommands) {
    parts.push({ kinds: ["irreversible"] });
  }
  if (tool.showsCommands === true) parts.push({ kinds: [], label: outputLabel(place) });
  const label = tool.label ?? joined(parts);
  return { kinds: [...new Set(parts.flatMap(({ kinds }) => kinds))].toSorted(), ...labelled(label) };
}

/** A tool that touches no file, command or host that it names: what it says of itself has to do. */
function toolFacts({ sideEffect, label }: FlowCall["tool"]): CallFacts {
  // What nobody vouches for belongs to somebody else, who gets the arguments.
  if (label?.integrity === "untrusted") return { kinds: ["read_untrusted", "external"] };
  if (sideEffect === "pure") return { kinds: ["read"] };
  return { kinds: [sideEffect === "irreversible" ? "irreversible" : "write"] };
}

/** Asking for an address that the person named tells nobody anything that he did not say. */
function fetched({ host }: Extract<Access, { kind: "network" }>): CallFacts {
  return { kinds: ["read_untrusted"], label: untrusted(`web:${host}`) };
}

function accessFacts(access: Access, place: FlowPlace): CallFacts {
  switch (access.kind) {
    case "read":
      return readFacts(access.path, place);
    case "write":
      return { ...readFacts(access.path, place), kinds: [writeKind(access.path, place)] };
    case "command":
      return commandFacts(access, place);
    case "network":
      return { kinds: ["read_untrusted", "external"], label: untrusted(`web:${access.host}`) };
    case "send":
      return { kinds: ["external", "irreversible"], label: untrusted(`web:${access.host}`) };
    case "other":
      return { kinds: [] };
    default:
      return unreachable(access);
  }
}

function joined(parts: readonly CallFacts[]): Label | undefined {
  const labels = parts.flatMap(({ label }) => label ?? []);
  return labels.length === 0 ? undefined : joinLabels(...labels);
}

function labelled(label: Label | undefined): { readonly label?: Label } {
  return label === undefined ? {} : { label };
}
