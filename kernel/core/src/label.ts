/**
 * Who answers for a piece of content, from the most to the least trusted: Tau itself, the person who prompts, the
 * workspace that a person trusts, and everybody else.
 */
export type Integrity = "system" | "user" | "workspace" | "untrusted";

/** Who may see a piece of content: everybody, whoever may see the workspace, or only whom a secret belongs to. */
export type Confidentiality = "public" | "workspace" | "secret";

/**
 * What is known of a piece of content: how far to trust it, and whom it may reach.
 *
 * Labels form a lattice. {@link joinLabels} goes up in it; nothing that Tau derives from content goes down.
 */
export interface Label {
  readonly integrity: Integrity;
  /**
   * Where it came from, sorted: `user`, `file:README.md`, `web:example.org`, `mcp:github`, `memory:<id>`,
   * `agent:<session>`. At most 32; `…` at the end stands for those that found no room.
   */
  readonly origins: readonly string[];
  readonly confidentiality: Confidentiality;
  /** Names of the secrets it may contain, sorted and bounded as `origins` are; never their values. */
  readonly secrets: readonly string[];
}

const integrities: readonly Integrity[] = ["system", "user", "workspace", "untrusted"];
const confidentialities: readonly Confidentiality[] = ["public", "workspace", "secret"];

const maxNames = 32;
const maxNameChars = 200;
// Sorts behind everything that a name may begin with, since names are cut to printable characters below it.
const more = "\u2026";

/** The label of content that nobody contributed to: joining it changes nothing. */
export const systemLabel: Label = {
  integrity: "system",
  origins: [],
  confidentiality: "public",
  secrets: [],
};

/** The label of what the person who prompts says. */
export const userLabel: Label = { ...systemLabel, integrity: "user", origins: ["user"] };

/** The label of what a trusted workspace contains. */
export const workspaceLabel: Label = {
  integrity: "workspace",
  origins: ["workspace"],
  confidentiality: "workspace",
  secrets: [],
};

/** Makes the label of content that nobody vouches for, such as a web page: `untrusted("web:example.org")`. */
export function untrusted(origin: string, confidentiality: Confidentiality = "public"): Label {
  return joinLabels({ integrity: "untrusted", origins: [origin], confidentiality, secrets: [] });
}

/**
 * The label of content that was made out of contents with these labels: as trusted as the least trusted of them, as
 * confidential as the most confidential. Associative, commutative and idempotent; of none it is {@link systemLabel}.
 */
export function joinLabels(...labels: readonly Label[]): Label {
  let joined = systemLabel;
  for (const label of labels) joined = joinTwo(joined, label);
  return joined;
}

// Whose names are in order, cut and printable: labels that joins made, and the constants.
const orderly = new WeakSet<Label>([systemLabel, userLabel, workspaceLabel]);

/** Usually one of the two has everything that the other has: then that one is their join, and nothing is made. */
function joinTwo(a: Label, b: Label): Label {
  if (a === systemLabel && orderly.has(b)) return b;
  if (orderly.has(a) && hasAllOf(a, b)) return a;
  if (orderly.has(b) && hasAllOf(b, a)) return b;
  const secrets = joinNames([a.secrets, b.secrets]);
  const confidentiality = later(confidentialities, a.confidentiality, b.confidentiality);
  const joined: Label = {
    integrity: later(integrities, a.integrity, b.integrity),
    origins: joinNames([a.origins, b.origins]),
    confidentiality: secrets.length > 0 ? "secret" : confidentiality,
    secrets,
  };
  orderly.add(joined);
  return joined;
}

function hasAllOf(a: Label, b: Label): boolean {
  return (
    a === b ||
    (later(integrities, a.integrity, b.integrity) === a.integrity &&
      later(confidentialities, a.confidentiality, b.confidentiality) === a.confidentiality &&
      hasNames(a.origins, b.origins) &&
      hasNames(a.secrets, b.secrets))
  );
}

function hasNames(names: readonly string[], others: readonly string[]): boolean {
  return others === names || others.every((name) => names.includes(name));
}

/** Tells whether content with the label `below` may stand wherever content with the label `above` may. */
export function isAtMost(below: Label, above: Label): boolean {
  return (
    integrities.indexOf(below.integrity) <= integrities.indexOf(above.integrity) &&
    confidentialities.indexOf(below.confidentiality) <= confidentialities.indexOf(above.confidentiality) &&
    below.secrets.every((name) => above.secrets.includes(name) || above.secrets.includes(more))
  );
}

/** Tells whether `value` has the shape of a {@link Label}. */
export function isLabel(value: unknown): value is Label {
  if (typeof value !== "object" || value === null) return false;
  const { integrity, origins, confidentiality, secrets }: Partial<Record<keyof Label, unknown>> = value;
  return (
    integrities.some((known) => known === integrity) &&
    confidentialities.some((known) => known === confidentiality) &&
    isNames(origins) &&
    isNames(secrets)
  );
}

function later<T>(order: readonly T[], a: T, b: T): T {
  // A word that this build does not know, from a newer one, counts as the worst.
  const [first, second] = [order.indexOf(a), order.indexOf(b)];
  if (first === -1 || second === -1) return order.at(-1) ?? a;
  return first >= second ? a : b;
}

function joinNames(lists: readonly (readonly string[])[]): readonly string[] {
  const names = new Set(lists.flat().map(toName));
  const isCut = names.delete(more);
  const sorted = [...names].toSorted(byCodeUnits);
  // The least names of a union of least names are the least of all: so the order of joins does not matter.
  if (!isCut && sorted.length <= maxNames) return sorted;
  return [...sorted.slice(0, maxNames), more];
}

/** Names are shown to people and written to logs: on one line, printable, short. */
function toName(name: string): string {
  if (name === more) return more;
  return name.replaceAll(/[^\x20-\x7e]/gu, "?").slice(0, maxNameChars);
}

/** The same order in every locale. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
