import { basename } from "node:path";

/** What the search tools need to know. */
export interface RipgrepOptions {
  /**
   * The program, looked up on the environment's PATH unless absolute. Default: the one of `@vscode/ripgrep` where that is
   * installed and the environment can run it, else `rg`.
   */
  readonly ripgrepPath?: string;
  /**
   * The Node that searches where ripgrep cannot be started, looked up on the environment's PATH unless absolute. Default:
   * the one that runs Tau, else `node`.
   */
  readonly nodePath?: string;
}

/** Programs to search with, each kind tried in turn until one can be started: ripgrep first, which is faster. */
export interface SearchPrograms {
  readonly ripgrep: readonly string[];
  readonly node: readonly string[];
}

/**
 * Answers which programs to try. Looks for the installed one when the first search comes: most runs have none, and
 * nothing is loaded for tools that are never called.
 */
export function searchPrograms({ ripgrepPath, nodePath }: RipgrepOptions): () => Promise<SearchPrograms> {
  let found: Promise<SearchPrograms> | undefined;
  const find = async (): Promise<SearchPrograms> => ({
    ripgrep: ripgrepPath === undefined ? await installedRipgrep() : [ripgrepPath],
    node: nodePath === undefined ? ownNode() : [nodePath],
  });
  return () => (found ??= find());
}

/** The package brings the program in a package of its own for each platform; without either, there is `rg`. */
async function installedRipgrep(): Promise<readonly string[]> {
  try {
    const { rgPath } = await import("@vscode/ripgrep");
    return [rgPath, "rg"];
  } catch {
    return ["rg"];
  }
}

/** Tau may be part of a program that is no Node to others. */
function ownNode(): readonly string[] {
  return /^node(?:\.exe)?$/u.test(basename(process.execPath)) ? [process.execPath, "node"] : ["node"];
}
