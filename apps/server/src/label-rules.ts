import type { Label } from "@tau/proto";
import { Confidentiality, Integrity } from "@tau/proto";

import { check } from "./violation.ts";
import type { Violation } from "./violation.ts";

// As many as a label holds, and the sign that there were more.
const maxNames = 33;
const namePattern = /^(?:[\x20-\x7e]{1,200}|…)$/;

/** What is wrong with the label of something that a caller hands in: it can say less of its trust, and never more. */
export function labelRule(field: string, label: Label | undefined): readonly Violation[] {
  if (label === undefined) return [];
  const { integrity, confidentiality } = label;
  return [
    ...check(
      integrity >= Integrity.USER && integrity <= Integrity.UNTRUSTED,
      `${field}.integrity`,
      integrity === Integrity.SYSTEM
        ? "is SYSTEM, for which only Tau itself answers; use USER, WORKSPACE or UNTRUSTED"
        : "is not known; use USER, WORKSPACE or UNTRUSTED",
    ),
    ...check(
      confidentiality >= Confidentiality.PUBLIC && confidentiality <= Confidentiality.SECRET,
      `${field}.confidentiality`,
      "is not known; use PUBLIC, WORKSPACE or SECRET",
    ),
    ...names(`${field}.origins`, label.origins),
    ...names(`${field}.secrets`, label.secrets),
  ];
}

function names(field: string, list: readonly string[]): readonly Violation[] {
  const bad = list.findIndex((name) => !namePattern.test(name));
  return [
    ...check(list.length <= maxNames, field, `has ${list.length} names; send at most ${maxNames}`),
    ...check(bad === -1, `${field}[${bad}]`, "is not a name; use 1 to 200 printable ASCII characters"),
  ];
}
