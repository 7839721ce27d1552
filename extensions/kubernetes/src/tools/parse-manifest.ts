import type { JsonObject } from "@tau/core";
import { isJsonObject, TauError } from "@tau/core";
import { Composer, isMap, Parser, visit } from "yaml";
import type { CST, Document } from "yaml";

/** The longest manifest that is read, in UTF-16 code units. */
export const maxManifestLength = 200_000;

/**
 * Reads one object, without what only the cluster writes. Takes time in proportion to the text, whatever is wrong with it.
 *
 * @throws TauError `kubernetes.invalid`
 */
export function parseManifest(text: string | undefined): JsonObject {
  if (text === undefined) throw invalid('Action "apply" needs "manifest".');
  if (text.length > maxManifestLength)
    throw invalid(
      `The manifest has ${text.length} characters; at most ${maxManifestLength} are read. Apply less at once, or have a person do it with kubectl.`,
    );
  const value = valueOf(onlyDocument(text), text);
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) {
    throw invalid("The manifest must be an object with apiVersion, kind and metadata.");
  }
  const { status: _, ...rest } = value;
  const { managedFields: __, resourceVersion: ___, uid: ____, ...metadata } = value["metadata"];
  return { ...rest, metadata };
}

function valueOf(document: Document.Parsed, text: string): unknown {
  try {
    assertUniqueKeys(document, text);
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof ReferenceError) throw invalid("The manifest uses too many aliases: write them out.");
    if (error instanceof RangeError) throw invalid("The manifest is nested too deeply.");
    throw error;
  }
}

function onlyDocument(text: string): Document.Parsed {
  // A key that is a list or a map would be written as text, level by level: lines without end. Names that are there twice are
  // looked for below, and lines of errors counted only for the first: the parser does both for each anew.
  const options = { stringKeys: true, uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;
  let only: Document.Parsed | undefined;
  for (const document of new Composer(options).compose(tokensOf(text))) {
    if (only !== undefined) throw notOne();
    only = document;
  }
  if (only === undefined) throw notOne();
  const [error] = only.errors;
  if (error !== undefined) throw notYaml(error.message, text, error.pos[0]);
  return only;
}

/** Up to what the parser does not know: it would look at all that follows again and again. */
function* tokensOf(text: string): Generator<CST.Token> {
  for (const token of new Parser().parse(text)) {
    if (token.type === "error") throw notYaml(token.message, text, token.offset);
    yield token;
  }
}

function assertUniqueKeys(document: Document.Parsed, text: string): void {
  visit(document, {
    Collection(_, node) {
      if (!isMap(node)) return;
      const seen = new Set<string>();
      for (const { key } of node.items) {
        const name = String(key);
        if (seen.has(name)) throw notYaml("Map keys must be unique", text, node.range?.[0] ?? 0);
        seen.add(name);
      }
    },
  });
}

function notOne(): TauError {
  return invalid("The manifest must hold one object. Apply others by calls of their own.");
}

function notYaml(message: string, text: string, at: number): TauError {
  const line = text.slice(0, at).split("\n").length;
  return invalid(`The manifest is not YAML: ${message.slice(0, 500)} (line ${line}).`);
}

function invalid(message: string): TauError {
  return new TauError("kubernetes.invalid", message);
}
