import { joinLabels } from "@tau/core";
import type { Label } from "@tau/core";
import type { Label as ProtoLabel } from "@tau/proto";
import { Confidentiality, Integrity, wordOf } from "@tau/proto";

/** Reads the label of something that a caller hands in, which passed its rules; nothing, where there is none. */
export function labelFromProto(label: ProtoLabel | undefined): { readonly label?: Label } {
  if (label === undefined) return {};
  const integrity = wordOf(Integrity, label.integrity) ?? "untrusted";
  const confidentiality = wordOf(Confidentiality, label.confidentiality) ?? "secret";
  // Joined, so that it is sorted and bounded, and secret where it names secrets.
  return { label: joinLabels({ ...label, integrity, confidentiality }) };
}
