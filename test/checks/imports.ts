import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { type ESTree, parseSync, Visitor } from "rolldown/utils";

import { pathFrom, type Workspace } from "./workspace.ts";

/** One place where a file names another module. */
export interface Import {
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  /** As written: `@tau/core`, `./id.ts`, `node:fs`. */
  readonly specifier: string;
  /** For relative specifiers: the file meant, relative to the root. */
  readonly target?: string;
}

/** Parses a TypeScript file; a syntax error is a bug of the file and throws. */
export function parseFile(root: string, file: string): { program: ESTree.Program; text: string } {
  const text = readFileSync(join(root, file), "utf8");
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`);
  return { program, text };
}

/** The line, from 1, of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/**
 * Every module that `file` names: static, dynamic and type imports, re-exports, `import("x").T`, and
 * `new URL("./x.ts", import.meta.url)`, which is how workers are started.
 */
export function importsOf(workspace: Workspace, file: string): readonly Import[] {
  const { program, text } = parseFile(workspace.root, file);
  const found: Import[] = [];
  const add = (source: ESTree.Node | null): void => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    const specifier = source.value;
    const place = { file, line: lineOf(text, source.start), specifier };
    if (!specifier.startsWith(".")) found.push(place);
    else found.push({ ...place, target: targetOf(workspace.root, file, specifier) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
    NewExpression: (node) => {
      const [path, base] = node.arguments;
      const isUrl = node.callee.type === "Identifier" && node.callee.name === "URL";
      if (isUrl && path !== undefined && base?.type === "MemberExpression") add(path);
    },
  }).visit(program);
  return found;
}

function targetOf(root: string, file: string, specifier: string): string {
  return pathFrom(root, join(root, dirname(file), specifier));
}
