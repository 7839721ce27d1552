import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { findErrorCodeViolations, readErrorTables, renderErrorDocs } from "./checks/error-codes.ts";
import {
  findBrokenCommands,
  findBrokenLinks,
  findMissingPaths,
  listMarkdown,
  readFences,
} from "./checks/markdown.ts";
import { allProviders, withProviderTable } from "./checks/provider-docs.ts";
import { readWorkspace } from "./checks/workspace.ts";

const workspace = readWorkspace(`${import.meta.dirname}/..`);
const documents = listMarkdown(workspace);

/** Reads a file of the repository. */
function read(path: string): string {
  return readFileSync(join(workspace.root, path), "utf8");
}

test("every error code is declared, used and tested by the package that owns it", () => {
  expect(findErrorCodeViolations(workspace)).toEqual([]);
});

test("docs/errors.md lists every error code; `npm run generate` writes it", () => {
  expect(read("docs/errors.md")).toBe(renderErrorDocs(readErrorTables(workspace)));
});

test("docs/providers.md lists every provider; `npm run generate` writes it", () => {
  const document = read("docs/providers.md");

  expect(document).toBe(withProviderTable(document, allProviders));
});

test("every package has a README with code that a newcomer can run", () => {
  const without = workspace.packages.filter(
    ({ folder }) =>
      !documents.includes(`${folder}/README.md`) ||
      readFences(workspace, [`${folder}/README.md`], ["ts", "sh"]).length === 0,
  );

  expect(without.map(({ folder }) => folder)).toEqual([]);
});

test("the commands in the documents exist", () => {
  expect(findBrokenCommands(workspace, readFences(workspace, documents, ["sh"]))).toEqual([]);
});

test("links between documents lead somewhere", () => {
  expect(findBrokenLinks(workspace, documents)).toEqual([]);
});

test.each([
  "docs/vocabulary.md",
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/security.md",
  "docs/threats.md",
])("the files that %s names exist", (file) => {
  expect(findMissingPaths(workspace, file)).toEqual([]);
});

test("README.md names every package", () => {
  const text = read("README.md");

  expect(workspace.packages.map(({ name }) => name).filter((name) => !text.includes(`\`${name}\``))).toEqual(
    [],
  );
});

test("docs/architecture.md draws every extension", () => {
  const picture = readFences(workspace, ["docs/architecture.md"], ["mermaid"])[0]?.code ?? "";
  const extensions = workspace.packages.filter(({ folder }) => folder.startsWith("extensions/"));

  expect(
    extensions.map(({ name }) => name.replace("@tau/", "")).filter((name) => !picture.includes(name)),
  ).toEqual([]);
});

test("CHANGELOG.md says nothing twice", () => {
  const beginnings = read("CHANGELOG.md")
    .split("\n")
    .filter((line) => line.startsWith("- "))
    .map((line) => line.slice(0, 40));

  expect(beginnings.filter((text, index) => beginnings.indexOf(text) !== index)).toEqual([]);
});

test("AGENTS.md fits on a screen: at most 80 lines", () => {
  expect(read("AGENTS.md").trimEnd().split("\n").length).toBeLessThanOrEqual(80);
});
