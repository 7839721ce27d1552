import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createFolder, signal } from "../memory.test.support.ts";
import { openAnchored } from "../store/anchored-folder.ts";
import { ownerName } from "./process-owner.ts";
import { withWriteLock } from "./write-lock.ts";

const soon = { signal, timeoutMs: 0 };
const patient = { signal, timeoutMs: 60_000 };

/** The token of a process that does not live: the number is beyond those that Linux gives. */
function tokenOfTheDead(what: string): string {
  return ownerName(what).replace(`/${process.pid}/`, "/4194999/").replaceAll("/", "+");
}

describe("withWriteLock()", () => {
  test("lets one at a time in, of many that come together", async () => {
    await using folder = await openAnchored(await createFolder());
    let [inside, most, done] = [0, 0, 0];

    await Promise.all(
      Array.from(
        { length: 20 },
        async () =>
          await withWriteLock(folder, patient, async () => {
            most = Math.max(most, ++inside);
            await folder.names();
            inside -= 1;
            done += 1;
          }),
      ),
    );

    expect([most, done]).toEqual([1, 20]);
    expect(await readdir(folder.entry(".lock"))).toEqual(["free"]);
  });

  test("ends waiting for a living holder with memory.busy, and gives nothing away", async () => {
    await using folder = await openAnchored(await createFolder());

    await withWriteLock(folder, patient, async () => {
      await expect(withWriteLock(folder, soon, () => Promise.resolve())).rejects.toMatchObject({
        code: "memory.busy",
        class: "retryable",
      });
    });

    await expect(withWriteLock(folder, soon, () => Promise.resolve("in"))).resolves.toBe("in");
  });

  test("takes the lock of a process that died, once", async () => {
    const path = await createFolder();
    await using folder = await openAnchored(path);
    await mkdir(join(path, ".lock"));
    await writeFile(join(path, ".lock", tokenOfTheDead("x")), "");
    let [inside, most] = [0, 0];

    await Promise.all(
      Array.from(
        { length: 10 },
        async () =>
          await withWriteLock(folder, patient, async () => {
            most = Math.max(most, ++inside);
            await folder.names();
            inside -= 1;
          }),
      ),
    );

    expect(most).toBe(1);
    expect(await readdir(join(path, ".lock"))).toEqual(["free"]);
  });

  test("ends for whoever holds it also when its token was taken from it", async () => {
    const path = await createFolder();
    await using folder = await openAnchored(path);

    await withWriteLock(folder, patient, async () => {
      const [held = ""] = await readdir(join(path, ".lock"));
      await rename(join(path, ".lock", held), join(path, ".lock", tokenOfTheDead("y")));
    });

    await expect(withWriteLock(folder, soon, () => Promise.resolve("in"))).resolves.toBe("in");
  });

  test("stops waiting when it is told to", async () => {
    await using folder = await openAnchored(await createFolder());
    const stop = new AbortController();

    await withWriteLock(folder, patient, async () => {
      const waiting = withWriteLock(folder, { ...patient, signal: stop.signal }, () => Promise.resolve());
      stop.abort(new Error("stopped"));
      await expect(waiting).rejects.toThrow("stopped");
    });
  });
});
