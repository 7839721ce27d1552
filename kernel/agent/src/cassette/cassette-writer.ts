import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { isTauError } from "@tau/core";

import { assertHeader } from "./read-cassette.ts";
import { cassetteError } from "./cassette-error.ts";
import { cassetteHeader } from "./entry.ts";
import type { CassetteEntry } from "./entry.ts";

/** Where and how to record. */
export interface RecordOptions {
  /** A new file, readable by its owner only: a cassette holds what was said. */
  readonly path: string;
  /** Cut out besides keys, cookies and what looks like a key. At least 4 characters each. */
  readonly secrets?: readonly string[];
  /** Adds to a cassette that is there already. Default false: it must not be there. */
  readonly append?: boolean;
}

/** Writes entries in the order in which their calls began, so that equal calls keep theirs. */
export class CassetteWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws TauError `cassette.exists`, `cassette.write_failed`, `cassette.invalid` */
  static async open({ path, append = false, secrets = [] }: RecordOptions): Promise<CassetteWriter> {
    if (secrets.some(({ length }) => length < 4)) {
      throw new RangeError("A secret has fewer than 4 characters: cutting it out would tear the text apart.");
    }
    const file = await openFile(path, append);
    try {
      const first = await firstLine(file);
      if (first === "") await file.appendFile(`${JSON.stringify(cassetteHeader)}\n`);
      else assertHeader(first);
      return new CassetteWriter(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Keeps a place for an entry that will be known later. A failure is thrown by the next {@link check} and by
   * the end, which waits for every entry.
   */
  add(entry: Promise<CassetteEntry>): void {
    const written = Promise.all([entry, this.#last]).then(([known]) =>
      this.#file.appendFile(`${JSON.stringify(known)}\n`),
    );
    const before = this.#last;
    this.#last = written
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => before);
  }

  /** @throws TauError `cassette.write_failed`, or that of an entry */
  check(): void {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    if (isTauError(error)) throw error;
    throw cassetteError("cassette.write_failed", "The cassette cannot be written. The log says why.", error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#file.close();
    this.check();
  }
}

async function openFile(path: string, append: boolean): Promise<FileHandle> {
  try {
    return await open(path, append ? "a+" : "ax+", 0o600);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw cassetteError(
        "cassette.exists",
        "There is a cassette at this path already. Delete it to record it again, or pass append: true.",
        error,
      );
    }
    throw cassetteError("cassette.write_failed", "The cassette cannot be written. Check its path.", error);
  }
}

async function firstLine(file: FileHandle): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(256), 0, 256, 0);
  return buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "";
}
