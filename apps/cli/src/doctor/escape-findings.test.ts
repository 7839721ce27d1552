import { expect, test } from "vitest";

import { notTried } from "./escape-findings.ts";

test("notTried() names what was not tried and why, each reason once", () => {
  const missed = (name: string, detail: string) => ({ name, detail, outcome: "not_probed" }) as const;
  const results = [
    missed("read_only_workspace", "the profile grants the workspace"),
    { name: "network", detail: "dials out", outcome: "held" } as const,
    missed("remount", "the profile grants all files"),
    missed("shared_memory", "the profile grants all files"),
  ];
  expect([...notTried("sandbox", results)]).toEqual([
    {
      check: "sandbox",
      result: "note",
      detail:
        "read_only_workspace: not tried, because the profile grants the workspace\n" +
        "remount, shared_memory: not tried, because the profile grants all files",
    },
  ]);
  expect([...notTried("sandbox", [])]).toEqual([]);
});
