import { Composer, isMap, Parser, visit } from "yaml";
import type { CST, Document } from "yaml";

/** Makes the error for a text, which for example "is not YAML: … (line 3).", after whatever the text is. */
export type YamlRefusal = (reason: string) => Error;

/** More than anybody writes in one object. */
const maxAliases = 100;

/**
 * Reads a text that holds one document of YAML, whoever wrote it: in time in proportion to the text, whatever is wrong with it.
 * Names must be texts and be there once; aliases are read up to 100 in all.
 *
 * @throws what `refuse` makes
 */
export function readYaml(text: string, refuse: YamlRefusal): unknown {
  try {
    const document = onlyDocument(text, refuse);
    assertPlain(document, text, refuse);
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    if (error instanceof ReferenceError) throw tooManyAliases(refuse);
    if (error instanceof RangeError) throw tooDeep(refuse);
    throw error;
  }
}

function onlyDocument(text: string, refuse: YamlRefusal): Document.Parsed {
  // A key that is a list or a map would be written as text, level by level: lines without end. Names that are there twice are
  // looked for below, and lines of errors counted only for the first: the parser does both for each anew.
  const options = { stringKeys: true, uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;
  let only: Document.Parsed | undefined;
  for (const document of new Composer(options).compose(tokensOf(text, refuse))) {
    if (only !== undefined) throw notOne(refuse);
    only = document;
  }
  if (only === undefined) throw notOne(refuse);
  const [error] = only.errors;
  // The stack's end; the parser keeps its own words for it.
  if (error?.code === "RESOURCE_EXHAUSTION") throw tooDeep(refuse);
  if (error !== undefined) throw refuse(notYaml(error.message, text, error.pos[0]));
  return only;
}

/** Up to what the parser does not know: it would look at all that follows again and again. */
function* tokensOf(text: string, refuse: YamlRefusal): Generator<CST.Token> {
  for (const token of new Parser().parse(text)) {
    if (token.type === "error") throw refuse(notYaml(token.message, text, token.offset));
    yield token;
  }
}

/** Names are there once, and aliases few: each is looked for among all before it, also where its anchor is made anew each time. */
function assertPlain(document: Document.Parsed, text: string, refuse: YamlRefusal): void {
  let aliases = 0;
  visit(document, {
    Alias() {
      aliases++;
      if (aliases > maxAliases) throw tooManyAliases(refuse);
    },
    Collection(_, node) {
      if (!isMap(node)) return;
      const seen = new Set<string>();
      for (const { key } of node.items) {
        const name = String(key);
        if (seen.has(name)) throw refuse(notYaml("Map keys must be unique", text, node.range?.[0] ?? 0));
        seen.add(name);
      }
    },
  });
}

function notYaml(message: string, text: string, at: number): string {
  const line = text.slice(0, at).split("\n").length;
  return `is not YAML: ${message.slice(0, 500)} (line ${line}).`;
}

function notOne(refuse: YamlRefusal): Error {
  return refuse("must hold one object. Apply others by calls of their own.");
}

function tooManyAliases(refuse: YamlRefusal): Error {
  return refuse("uses too many aliases: write them out.");
}

function tooDeep(refuse: YamlRefusal): Error {
  return refuse("is nested too deeply.");
}
