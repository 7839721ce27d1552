import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect, it } from "vitest";

import { endBubblewrap } from "./end-bubblewrap.ts";
import { followStatus } from "./jail-status.ts";
import { startTime } from "./process-start.ts";

it("endBubblewrap() ends a child whose number was never told", async () => {
  // As bubblewrap is between the making of process 1 and its telling.
  const script = "sleep 1000 > /dev/null 2>&1 & echo $! >&2; wait";
  const child = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const [said]: unknown[] = await once(child.stderr, "data");
  const first = Number(String(said));
  expect(startTime(first)).toBeDefined();

  await endBubblewrap({ child, status: followStatus(child.stdout) });

  expect([first, Number(child.pid)].map(startTime)).toEqual([undefined, undefined]);
});
