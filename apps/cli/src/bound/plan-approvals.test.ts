import { expect, test } from "vitest";

import { createPlace } from "../cli.test.support.ts";
import { assertUnused, claimApproval, releaseApproval } from "./plan-approvals.ts";

const plan = { file: "/project/plans/a.md", path: "plans/a.md", sha256: "0".repeat(64) };
const approval = { ...plan, approvalId: "one" };
const run = { tenant: "local", sessionId: "s", runId: "r1" };
const used = { code: "plan.used" };

test("claimApproval() lets the run that has an approval claim it again, and no other one", async () => {
  await using place = await createPlace();

  await claimApproval(place.home, approval, run);
  await claimApproval(place.home, approval, run);

  for (const other of [{ runId: "r2" }, { sessionId: "t" }, { tenant: "another" }])
    await expect(claimApproval(place.home, approval, { ...run, ...other })).rejects.toMatchObject(used);
  await expect(claimApproval(place.home, plan, { ...run, runId: "r2" })).rejects.toMatchObject(used);
});

test("releaseApproval() gives back what its run has, and nothing else", async () => {
  await using place = await createPlace();
  await claimApproval(place.home, approval, run);

  await releaseApproval(place.home, approval, { ...run, runId: "r2" });
  await expect(assertUnused(place.home, plan)).rejects.toMatchObject(used);
  await releaseApproval(place.home, approval, run);

  await assertUnused(place.home, plan);
  await claimApproval(place.home, approval, { ...run, runId: "r2" });
});
