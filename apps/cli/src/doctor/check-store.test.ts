import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import { storeDirectory } from "../tau-home.ts";
import { checkStore } from "./check-store.ts";

test("checkStore() writes to the store's disk, and leaves nothing", async () => {
  await using place = await createPlace();
  const directory = storeDirectory(place.base);

  expect(await checkStore(place.base)).toEqual({
    check: "store",
    result: "ok",
    detail: `${directory}, empty`,
  });
  const before = await readdir(directory);
  await checkStore(place.base);
  expect(await readdir(directory)).toEqual(before);
});

test.runIf(process.platform === "linux")("checkStore() finds a disk that is full", async () => {
  await using place = await createPlace();
  const directory = storeDirectory(place.base);
  await mkdir(directory, { recursive: true });
  await symlink("/dev/full", join(directory, "doctor.tmp"));

  expect(await checkStore(place.base)).toEqual({
    check: "store",
    result: "fault",
    detail: expect.stringMatching(`^Nothing can be written to ${directory}: ENOSPC: no space left on device`),
  });
});
