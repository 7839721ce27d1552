import type { Label } from "@tau/core";
import type { Label as ProtoLabel } from "@tau/proto";
import { Confidentiality, Integrity, wordOf } from "@tau/proto";

/** Reads a label; a word that a newer server uses counts as the worst. Nothing, where there is none. */
export function labelFromProto(label: ProtoLabel | undefined): { readonly label?: Label } {
  return label === undefined ? {} : { label: knownLabel(label) };
}

/** Reads a label that must be there: without one nobody vouches for what it belongs to. */
export function knownLabel(label: ProtoLabel | undefined): Label {
  return {
    integrity: wordOf(Integrity, label?.integrity ?? 0) ?? "untrusted",
    origins: label?.origins ?? [],
    confidentiality: wordOf(Confidentiality, label?.confidentiality ?? 0) ?? "secret",
    secrets: label?.secrets ?? [],
  };
}
