import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { layerChanges } from "./layer-changes.ts";

test("layerChanges() says what is changed up to its limit, and beyond it only that it is too much", async () => {
  const base = await mkdtemp(join(tmpdir(), "tau-layer-changes-"));
  onTestFinished(async () => await rm(base, { recursive: true }));
  const [upper, workspace] = [join(base, "upper"), join(base, "workspace")];
  await mkdir(join(upper, "folder"), { recursive: true });
  await mkdir(workspace);
  await writeFile(join(upper, "folder/a"), "");
  await writeFile(join(upper, "b"), "");
  const changes = async (limit: number): Promise<readonly string[]> =>
    (await layerChanges({ upper, workspace }, async () => new Map(), limit)).map(({ path }) => path);

  expect(await changes(3)).toEqual(["b", "folder", "folder/a"]);
  await expect(changes(2)).rejects.toMatchObject({
    code: "environment.failed",
    message:
      "The command changes more than 2 paths, so nobody could be shown what it did: have it change fewer at a time.",
  });
});
