import type { Json, MicroUsd } from "@tau/core";

/**
 * Turns dollars for one token, a decimal such as "0.00000125", into micro-USD per million tokens, rounded up.
 * Exact: no binary fraction is made of it. Undefined for anything else; a negative price means that none is known.
 */
export function perMillionOf(dollarsPerToken: Json | undefined): MicroUsd | undefined {
  const text = typeof dollarsPerToken === "number" ? decimalOf(dollarsPerToken) : dollarsPerToken;
  if (typeof text !== "string") return undefined;
  const match = /^(\d{1,9})(?:\.(\d{1,30}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, whole = "", fraction = ""] = match;
  // Twelve digits behind the point are micro-USD per million tokens.
  const rest = /[1-9]/.test(fraction.slice(12)) ? 1 : 0;
  const amount = Number(whole + fraction.padEnd(12, "0").slice(0, 12)) + rest;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** A number in full: providers' small ones are written `1e-7` otherwise. */
function decimalOf(number: number): string {
  return number.toFixed(20).replace(/\.?0+$/, "");
}
