/**
 * Turns one of Tau's words into the number of a protobuf enum whose values carry the same words in upper case.
 *
 * A word that the enum does not have does not compile.
 */
export function enumOf<Word extends string, Values extends Readonly<Record<Uppercase<Word>, number>>>(
  values: Values,
  word: Word,
): Values[Uppercase<Word>] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `toUpperCase` forgets the literal type
  return values[word.toUpperCase() as Uppercase<Word>];
}

/**
 * Turns the number of a protobuf enum back into Tau's word.
 *
 * @returns undefined for the unspecified value and for one that a newer side added
 */
export function wordOf<Name extends string>(
  values: Readonly<Record<Name, number>>,
  value: number,
): Lowercase<Exclude<Name, "UNSPECIFIED">> | undefined {
  for (const name in values) {
    if (values[name] !== value || name === "UNSPECIFIED") continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `toLowerCase` forgets it; the check above excludes one
    return name.toLowerCase() as Lowercase<Exclude<Name, "UNSPECIFIED">>;
  }
  return undefined;
}
