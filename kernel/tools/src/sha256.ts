import { hash } from "node:crypto";

/** SHA-256 of `data` in 64 lower-case hexadecimal digits. */
export function sha256(data: Uint8Array): string {
  return hash("sha256", data, "hex");
}
