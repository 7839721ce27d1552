import { create } from "@bufbuild/protobuf";
import type { Label } from "@tau/core";
import type { Label as ProtoLabel } from "@tau/proto";
import { Confidentiality, enumOf, Integrity, LabelSchema } from "@tau/proto";

/** Writes a label in the words of the contract; nothing, where there is none. */
export function labelToProto(label: Label | undefined): { readonly label?: ProtoLabel } {
  return label === undefined ? {} : { label: toProto(label) };
}

function toProto({ integrity, origins, confidentiality, secrets }: Label): ProtoLabel {
  return create(LabelSchema, {
    integrity: enumOf(Integrity, integrity),
    origins: [...origins],
    confidentiality: enumOf(Confidentiality, confidentiality),
    secrets: [...secrets],
  });
}
