import type { GrantTerms } from "@tau/core";
import type { Grant } from "@tau/runtime";

const dayMs = 24 * 60 * 60 * 1_000;

/** What terms allow, one effect a line, as a person reads it before saying yes. */
export function termLines({ effects }: GrantTerms): readonly string[] {
  return effects.flatMap(({ rule, cwd, files = {} }) => {
    const code = Object.entries(files).flatMap(([path, content]) =>
      content.startsWith("sha256:") ? [path] : [],
    );
    return [
      `${rule}${cwd === undefined ? "" : ` in ${cwd}`}`,
      ...(code.length === 0 ? [] : [`  while these stay as they are: ${code.join(", ")}`]),
    ];
  });
}

/** A grant with its id, for lists. */
export function grantLines({ id, scope, terms, expiresAt, sessionId }: Grant): readonly string[] {
  const until = new Date(expiresAt).toISOString().slice(0, 10);
  const where = scope === "session" ? `session ${sessionId}` : "always";
  return [
    `granted ${id}: ${where}, until ${until}, profile ${terms.profile}`,
    ...termLines(terms).map((line) => `  ${line}`),
  ];
}

/** Milliseconds as days, for people. */
export function inDays(ms: number): string {
  const days = Math.max(1, Math.round(ms / dayMs));
  return days === 1 ? "a day" : `${days} days`;
}
