import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import { plansIn } from "./plan-files.ts";

test("plansIn() has the plan that was written last, however many there are", async () => {
  await using place = await createPlace();
  for (let n = 0; n < 210; n++) await place.write(`plans/${n}.md`, `# ${n}\n`);
  const folder = join(place.cwd, "plans");
  const names = await readdir(folder);
  for (const [at, name] of names.entries()) await utimes(join(folder, name), 1_000 + at, 1_000 + at);

  const plans = await plansIn(place.cwd);

  expect([plans.length, plans[0]?.path]).toEqual([200, `plans/${names.at(-1)}`]);
});
