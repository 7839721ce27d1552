import type { Json } from "@tau/core";

/** Reads a vector written as numbers, or as base64 of little-endian 32-bit floats. */
function toVector(value: Json | undefined): Float32Array | undefined {
  if (typeof value === "string") return fromBase64(value);
  if (!Array.isArray(value)) return undefined;
  const vector = new Float32Array(value.length);
  for (const [index, number] of value.entries()) {
    if (typeof number !== "number") return undefined;
    vector[index] = number;
  }
  return vector;
}

/** Reads a list of vectors; undefined when one of them is none. */
export function toVectors(values: readonly (Json | undefined)[]): readonly Float32Array[] | undefined {
  const vectors = values.map(toVector).filter((vector) => vector !== undefined);
  return vectors.length === values.length ? vectors : undefined;
}

function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 4 !== 0) return undefined;
  const vector = new Float32Array(bytes.length / 4);
  for (let index = 0; index < vector.length; index++) vector[index] = bytes.readFloatLE(index * 4);
  return vector;
}
