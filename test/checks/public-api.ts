import { dirname, join } from "node:path";

import type { ESTree } from "rolldown/utils";

import { parseFile } from "./imports.ts";
import { pathFrom, type Workspace } from "./workspace.ts";

/** What one entry of a package exports. */
export interface EntryApi {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** What every entry exports, by `@tau/core` or `@tau/runtime/testing`. */
export type PublicApi = Readonly<Record<string, EntryApi>>;

/** Reads the names that every package exports, from the sources of its entries. */
export function readPublicApi(workspace: Workspace): PublicApi {
  const entries = workspace.packages.flatMap(({ name, folder, manifest }) =>
    Object.entries(manifest.exports ?? {}).flatMap(([path, conditions]): [string, EntryApi][] => {
      const source = conditions["@tau/source"];
      if (source === undefined) return [];
      return [[name + path.slice(1), readEntry(workspace.root, join(folder, source))]];
    }),
  );
  return Object.fromEntries(entries);
}

function readEntry(root: string, file: string): EntryApi {
  const values = new Set<string>();
  const types = new Set<string>();
  const { program } = parseFile(root, file);
  for (const statement of program.body) {
    if (statement.type === "ExportAllDeclaration") {
      const star = readEntry(root, pathFrom(root, join(root, dirname(file), statement.source.value)));
      for (const name of star.values) values.add(name);
      for (const name of star.types) types.add(name);
    }
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const specifier of statement.specifiers) {
      const isType = statement.exportKind === "type" || specifier.exportKind === "type";
      (isType ? types : values).add(nameOf(specifier.exported));
    }
    if (statement.declaration !== null) declare(statement.declaration, { values, types });
  }
  return { values: [...values].toSorted(), types: [...types].toSorted() };
}

function nameOf(node: ESTree.ModuleExportName): string {
  return node.type === "Literal" ? node.value : node.name;
}

function declare(
  declaration: ESTree.Declaration,
  names: { readonly values: Set<string>; readonly types: Set<string> },
): void {
  switch (declaration.type) {
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      names.types.add(declaration.id.name);
      return;
    case "VariableDeclaration":
      for (const { id } of declaration.declarations) if (id.type === "Identifier") names.values.add(id.name);
      return;
    default:
      if ("id" in declaration && declaration.id?.type === "Identifier") names.values.add(declaration.id.name);
  }
}

/** Says what differs between the recorded names and the present ones. */
export function comparePublicApi(recorded: PublicApi, present: PublicApi): readonly string[] {
  const entries = [...new Set([...Object.keys(recorded), ...Object.keys(present)])].toSorted();
  return entries.flatMap((entry) => {
    const before = namesOf(recorded[entry]);
    const after = namesOf(present[entry]);
    return [
      ...before.filter((name) => !after.includes(name)).map((name) => `${entry}: ${name} is gone`),
      ...after.filter((name) => !before.includes(name)).map((name) => `${entry}: ${name} is new`),
    ];
  });
}

function namesOf(api: EntryApi | undefined): readonly string[] {
  return [...(api?.values ?? []), ...(api?.types ?? []).map((name) => `type ${name}`)];
}
