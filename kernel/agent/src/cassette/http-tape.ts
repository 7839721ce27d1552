import type { HttpEntry } from "./entry.ts";
import { readCassette } from "./read-cassette.ts";
import { Tape } from "./tape.ts";

/**
 * Loads the HTTP exchanges of a cassette.
 *
 * @throws TauError `cassette.invalid`
 */
export async function openHttpTape(path: string): Promise<Tape<HttpEntry>> {
  const lines = await readCassette(path);
  return new Tape(
    lines.flatMap(({ line, entry }) => {
      if (entry.kind !== "http") return [];
      const { url, body } = entry.request;
      return [{ line, question: { place: new URL(url).pathname, body }, answer: entry }];
    }),
  );
}
