import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const isRoot = process.getuid?.() === 0;
const users = isRoot ? [0, 65_534] : [process.getuid?.() ?? 0];
const refused =
  /^tau: The network refuses this: evil\.example is not among the hosts that may be reached \(api\.example:\d+\)\.$/u;
const through = ["reached", "no loopback", "no other", "tau: refused"];
const closed = [expect.stringContaining("Could not resolve host: api.example"), "no loopback", "no other"];

test.each(users)("commands of every kind go through the gate, as user %i", (uid) => {
  const program = fileURLToPath(new URL("./gated-jail.example.ts", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ["--conditions=@tau/source", program], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: "/tmp" },
    ...(isRoot ? { uid, gid: uid } : {}),
  });

  const lines = stdout.trimEnd().split("\n");
  expect(stderr).toBe("");
  expect(lines.map((line) => (refused.test(line) ? "tau: refused" : line))).toEqual([
    "— a command",
    ...through,
    "— one that only reads",
    ...through,
    "— one that needs no network",
    ...closed,
    "— one on a layer",
    ...through,
    "— one that is started",
    ...through,
    "— without the gate",
    ...closed,
    "— escaped: 0",
    "— network: held",
  ]);
});
