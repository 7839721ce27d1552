import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type ESTree, Visitor } from "rolldown/utils";

import { lineOf, parseFile } from "./imports.ts";
import { isTestFile, type Package, type Workspace } from "./workspace.ts";

/** The error codes that a package declares, each with its sentence. */
export interface ErrorTable {
  readonly owner: Package;
  readonly codes: ReadonlyMap<string, string>;
}

const codeShape = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+$/;

/** Reads `src/error-codes.ts` of every package that has one. */
export function readErrorTables(workspace: Workspace): readonly ErrorTable[] {
  return workspace.packages.flatMap((owner) => {
    const file = `${owner.folder}/src/error-codes.ts`;
    if (!existsSync(join(workspace.root, file))) return [];
    const codes = new Map<string, string>();
    new Visitor({
      Property: (node) => {
        const key = node.key.type === "Identifier" ? node.key.name : stringOf(node.key);
        const sentence = stringOf(node.value);
        if (key !== undefined && sentence !== undefined) codes.set(key, sentence);
      },
    }).visit(parseFile(workspace.root, file).program);
    return [{ owner, codes }];
  });
}

/** The text of a string literal, of a template without holes, or of a sum of such. */
function stringOf(node: ESTree.Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral") {
    return node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
  }
  if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const left = stringOf(node.left);
  const right = stringOf(node.right);
  return left === undefined || right === undefined ? undefined : left + right;
}

/** Writes docs/errors.md out of the tables. */
export function renderErrorDocs(tables: readonly ErrorTable[]): string {
  const sections = tables
    .filter(({ codes }) => codes.size > 0)
    .map(({ owner, codes }) => {
      const rows = [...codes].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const lines = rows.map(([code, sentence]) => `- **\`${code}\`** ${sentence}`);
      return `## ${owner.name}\n\n${lines.join("\n")}\n`;
    });
  return `# Errors

Every failure that Tau expects has a stable code. A code never changes its meaning; messages may change.
The code, the message and the class (\`permanent\`, \`retryable\`, \`rate_limited\`, \`auth\`, \`cancelled\`) travel to every
caller; the cause stays in the server's log, under the trace id.

Made by \`npm run generate\` from \`src/error-codes.ts\` of each package; a test compares the two.

${sections.join("\n")}`;
}

/** Finds codes that are thrown but not declared, declared but never used, or used by no test. */
export function findErrorCodeViolations(workspace: Workspace): readonly string[] {
  const tables = readErrorTables(workspace);
  const ownersOf = new Map<string, string[]>();
  for (const { owner, codes } of tables) {
    for (const code of codes.keys()) ownersOf.set(code, [...(ownersOf.get(code) ?? []), owner.name]);
  }
  return [
    ...[...ownersOf]
      .filter(([, owners]) => owners.length > 1)
      .map(([code, owners]) => `"${code}" is declared by ${owners.join(" and by ")}`),
    ...workspace.packages.flatMap((user) => undeclaredIn(workspace, user, ownersOf)),
    ...tables.flatMap((table) => unusedIn(workspace, table)),
  ];
}

/**
 * Codes stand as literals in `new TauError(…)`, in `super(…)` of its subclasses, in calls of helpers such
 * as `toolError("tool.denied", …)`, in calls that are thrown and in `code: …`. All but the first count
 * where the area is one that some table knows.
 */
function undeclaredIn(
  workspace: Workspace,
  user: Package,
  ownersOf: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const areas = new Set([...ownersOf.keys()].map((code) => code.split(".")[0]));
  const uses = new Set([user.name, ...Object.keys({ ...user.manifest.dependencies })]);
  return user.files
    .filter((file) => !isTestFile(file))
    .flatMap((file) => {
      const { program, text } = parseFile(workspace.root, file);
      const found: string[] = [];
      const check = (node: ESTree.Node | undefined, isCertain: boolean): void => {
        const code = node === undefined ? undefined : stringOf(node);
        if (node === undefined || code === undefined) return;
        if (!isCertain && !(codeShape.test(code) && areas.has(code.split(".")[0]))) return;
        if (ownersOf.get(code)?.some((owner) => uses.has(owner))) return;
        const place = `${file}:${lineOf(text, node.start)}`;
        found.push(`${place}: the code "${code}" is not in src/error-codes.ts of ${user.name}`);
      };
      new Visitor({
        NewExpression: ({ callee, arguments: [first] }) => {
          for (const node of branchesOf(first)) check(node, isNamed(callee, "TauError"));
        },
        CallExpression: ({ callee, arguments: [first] }) => {
          if (makesError(callee)) for (const node of branchesOf(first)) check(node, false);
        },
        ThrowStatement: ({ argument }) => {
          if (argument.type !== "CallExpression" || makesError(argument.callee)) return;
          for (const node of branchesOf(argument.arguments[0])) check(node, false);
        },
        Property: ({ key, value }) => {
          if (isNamed(key, "code")) for (const node of branchesOf(value)) check(node, false);
        },
      }).visit(program);
      return found;
    });
}

/** Both outcomes of `a ? x : y`; otherwise the node itself. */
function branchesOf(node: ESTree.Node | undefined): readonly (ESTree.Node | undefined)[] {
  if (node?.type !== "ConditionalExpression") return [node];
  return [...branchesOf(node.consequent), ...branchesOf(node.alternate)];
}

/** Tells whether a function makes errors, by its name: other functions take names of the same shape. */
function makesError(callee: ESTree.Node): boolean {
  if (callee.type === "Super") return true;
  if (callee.type === "MemberExpression") return makesError(callee.property);
  const isName = callee.type === "Identifier" || callee.type === "PrivateIdentifier";
  return isName && /error|fail|refus/i.test(callee.name);
}

function isNamed(node: ESTree.Node, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

function unusedIn(workspace: Workspace, { owner, codes }: ErrorTable): readonly string[] {
  const table = `${owner.folder}/src/error-codes.ts`;
  const files = owner.files.filter((file) => file !== table);
  const text = (wanted: boolean): string =>
    files
      .filter((file) => isTestFile(file) === wanted)
      .map((file) => readFileSync(join(workspace.root, file), "utf8"))
      .join("\n");
  const [code, tests] = [text(false), text(true)];
  return [...codes.keys()].flatMap((name) => {
    const quoted = new RegExp(`["'\`]${name.replaceAll(".", "\\.")}["'\`]`);
    return [
      ...(quoted.test(code) ? [] : [`${table}: no source uses "${name}"`]),
      ...(quoted.test(tests) ? [] : [`${table}: no test of ${owner.name} mentions "${name}"`]),
    ];
  });
}
