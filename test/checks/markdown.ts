import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Workspace } from "./workspace.ts";

/** A fenced block of code in a Markdown file. */
export interface Fence {
  /** Relative to the root. */
  readonly file: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language, for example `no-run`. */
  readonly mark: string;
  readonly code: string;
}

/** The Markdown that people read: at the root, in docs, and the README of each package and folder. */
export function listMarkdown(workspace: Workspace): readonly string[] {
  const places = workspace.packages.map(({ folder }) => `${folder}/*.md`);
  const found = globSync(["*.md", "docs/**/*.md", "examples/**/*.md", "bench/*.md", ...places], {
    cwd: workspace.root,
    exclude: ["**/node_modules/**"],
  });
  return found.toSorted();
}

/** Finds the fenced blocks of a Markdown text. */
function fencesOf(file: string, text: string): readonly Fence[] {
  const fences: Fence[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, indent, ticks, language = "", mark = ""] =
      /^(\s*)(`{3,})(\w*)\s*(.*)$/.exec(lines[at] ?? "") ?? [];
    if (indent === undefined || ticks === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks);
    if (end < 0) throw new SyntaxError(`${file}:${at + 1}: the code block has no end`);
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    fences.push({ file, line: at + 1, language, mark: mark.trim(), code: code.join("\n") });
    at = end;
  }
  return fences;
}

/** All fences of the given languages in the given files. */
export function readFences(
  workspace: Workspace,
  files: readonly string[],
  languages: readonly string[],
): readonly Fence[] {
  return files
    .flatMap((file) => fencesOf(file, readFileSync(join(workspace.root, file), "utf8")))
    .filter(({ language }) => languages.includes(language));
}

/** Finds `npm start`, `npm test`, `npm run x` and `node x.ts` that do not exist. */
export function findBrokenCommands(workspace: Workspace, fences: readonly Fence[]): readonly string[] {
  const scripts = workspace.manifest.scripts ?? {};
  return fences.flatMap((fence) =>
    fence.code.split("\n").flatMap((command) => {
      const [, script] = /\bnpm (?:run )?(start|test|(?<=run )[\w:-]+)/.exec(command) ?? [];
      const [, path] = /\bnode (?:--\S+ )*((?:\.\/)?[\w./-]+\.[mc]?[jt]s)\b/.exec(command) ?? [];
      return [
        ...(script === undefined || script in scripts ? [] : [`there is no script "${script}"`]),
        ...(path === undefined || existsSync(join(workspace.root, path)) ? [] : [`${path} does not exist`]),
      ].map((reason) => `${fence.file}:${fence.line}: ${reason}`);
    }),
  );
}

/** Finds links to files that do not exist. Links to other sites are not followed. */
export function findBrokenLinks(workspace: Workspace, files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    const text = readFileSync(join(workspace.root, file), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap(([, target]) => target ?? []);
    return targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(workspace.root, dirname(file), target)))
      .map((target) => `${file}: the link to ${target} leads nowhere`);
  });
}

/** Finds paths in the cells of a document's tables, written as `path/to/file.ts`, that do not exist. */
export function findMissingPaths(workspace: Workspace, file: string): readonly string[] {
  const rows = readFileSync(join(workspace.root, file), "utf8").split("\n");
  const paths = rows
    .filter((row) => row.startsWith("|"))
    .flatMap((row) => [...row.matchAll(/`([\w.@-]+(?:\/[\w.@*-]+)+\/?)`/g)])
    .flatMap(([, path]) => path ?? []);
  return paths
    .filter((path) => !path.startsWith("@tau/"))
    .filter((path) => globSync(path.replace(/\/$/, ""), { cwd: workspace.root }).length === 0)
    .map((path) => `${file}: ${path} does not exist`);
}
