import { TauError } from "@tau/core";

const shown = 5;

/** Makes `environment.conflict`. `what` begins a sentence that `paths`, relative to the workspace, go on with. */
export function conflict(what: string, paths: readonly string[] = []): TauError {
  const names = paths
    .slice(0, shown)
    .map((path) => JSON.stringify(path))
    .join(", ");
  const more = paths.length > shown ? ` and ${paths.length - shown} more` : "";
  return new TauError("environment.conflict", `${what}${names === "" ? "" : `: ${names}${more}`}.`, {
    details: { paths: paths.slice(0, 100) },
  });
}
