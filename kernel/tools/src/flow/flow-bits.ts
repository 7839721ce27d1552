import type { EffectKind, ShownContext } from "@tau/core";

/** What the Rule of Two counts: untrusted input, sensitive data, and changes or messages to others. */
export interface FlowBits {
  readonly untrusted: boolean;
  readonly sensitive: boolean;
  readonly acts: boolean;
}

/** The bits of what a model was shown. */
export function bitsOf({ label, acted }: ShownContext): FlowBits {
  return {
    untrusted: label.integrity === "untrusted",
    sensitive: label.confidentiality === "secret",
    acts: acted,
  };
}

const acting: ReadonlySet<EffectKind> = new Set(["write", "persist", "command", "external", "irreversible"]);

/** The bits that effects set. */
export function bitsSetBy(kinds: readonly EffectKind[]): FlowBits {
  return {
    untrusted: kinds.includes("read_untrusted"),
    sensitive: kinds.includes("read_secret"),
    acts: kinds.some((kind) => acting.has(kind)),
  };
}

/** Either's bits. */
export function joinBits(a: FlowBits, b: FlowBits): FlowBits {
  return {
    untrusted: a.untrusted || b.untrusted,
    sensitive: a.sensitive || b.sensitive,
    acts: a.acts || b.acts,
  };
}

/** How many are set, 0 to 3. */
export function countBits({ untrusted, sensitive, acts }: FlowBits): number {
  return Number(untrusted) + Number(sensitive) + Number(acts);
}
