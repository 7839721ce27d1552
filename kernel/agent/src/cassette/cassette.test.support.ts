import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A path for one cassette in a folder of its own. */
export interface CassettePlace extends AsyncDisposable {
  readonly path: string;
  /** The file as it is. */
  text(): Promise<string>;
}

/** Makes a place for a cassette that is not there yet. */
export async function createPlace(): Promise<CassettePlace> {
  const folder = await mkdtemp(join(tmpdir(), "tau-cassette-"));
  const path = join(folder, "calls.ndjson");
  return {
    path,
    text: () => readFile(path, "utf8"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
