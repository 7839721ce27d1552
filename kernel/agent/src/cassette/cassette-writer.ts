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

/** Writes entries one after the other, and waits for those that are still being recorded. */
export class CassetteWriter implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #pending = new Set<Promise<void>>();
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

  /** Adds an entry behind those added before. A failure is thrown by the next {@link check} and by the end. */
  add(entry: CassetteEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#last = this.#last
      .then(() => this.#file.appendFile(line))
      .catch((error: unknown) => this.fail(error));
  }

  /** Waits at the end for work that will add an entry. */
  wait(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  /** Keeps the first failure. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** @throws TauError `cassette.write_failed`, or what {@link fail} was given */
  check(): void {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    if (isTauError(error)) throw error;
    throw cassetteError("cassette.write_failed", "The cassette cannot be written. The log says why.", error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pending);
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
