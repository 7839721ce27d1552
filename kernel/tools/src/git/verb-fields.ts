import { TauError } from "@tau/core";

/** The schema of the field that names the repository. */
export const repositoryField = {
  type: "string",
  description: "The folder that has the .git, relative to the workspace; default: the workspace.",
} as const;

/** Checks that a verb got no field that it would ignore. Throws `tool.invalid_arguments`. */
export function assertFields(input: { readonly verb: string }, allowed: readonly string[]): void {
  const given = Object.keys(input).filter((field) => field !== "verb" && field !== "repository");
  const unknown = given.filter((field) => !allowed.includes(field));
  if (unknown.length === 0) return;
  throw new TauError(
    "tool.invalid_arguments",
    `${input.verb} does not take ${unknown.join(", ")}; it takes ${allowed.join(", ") || "nothing else"}.`,
  );
}

/** A field that a verb needs. Throws `tool.invalid_arguments`. */
export function needed<T>(verb: string, field: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new TauError("tool.invalid_arguments", `${verb} needs ${field}.`);
}
