import type { Confidentiality, EffectKind, Integrity } from "@tau/core";

import { isTable, oneOf, text, texts } from "./config-checks.ts";
import type { Checks } from "./config-checks.ts";

const effects: readonly (EffectKind | "any")[] = [
  "any",
  "read",
  "read_secret",
  "read_untrusted",
  "write",
  "command",
  "persist",
  "external",
  "irreversible",
];
/** How far content is trusted, the most trusted first. */
export const integrities: readonly Integrity[] = ["system", "user", "workspace", "untrusted"];
/** Whom content may reach. */
export const confidentialities: readonly Confidentiality[] = ["public", "workspace", "secret"];

/** What a rule about the flow of information may have. */
export const flowKeys: Checks = {
  effect: oneOf(effects),
  decision: oneOf(["ask", "deny"]),
  integrity: oneOf(integrities),
  confidentiality: oneOf(confidentialities),
  reason: text,
  match: texts,
  not_match: texts,
};

/** Tells whether a value has the shape of a list of such rules, whatever is in them. */
export function isFlowList(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isTable);
}
