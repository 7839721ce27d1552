import type { RipgrepOptions, RipgrepRequest } from "./ripgrep.ts";

/**
 * Answers which programs to try. Looks for the installed one when the first search comes: most runs have none, and
 * nothing is loaded for tools that are never called.
 */
export function ripgrepPrograms({ ripgrepPath }: RipgrepOptions): () => Promise<RipgrepRequest["programs"]> {
  let found: Promise<RipgrepRequest["programs"]> | undefined;
  return () => (found ??= ripgrepPath === undefined ? installedPrograms() : Promise.resolve([ripgrepPath]));
}

/** The package brings the program in a package of its own for each platform; without either, there is `rg`. */
async function installedPrograms(): Promise<RipgrepRequest["programs"]> {
  try {
    const { rgPath } = await import("@vscode/ripgrep");
    return [rgPath, "rg"];
  } catch {
    return ["rg"];
  }
}
