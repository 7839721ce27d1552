import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { describeEnvironment } from "../testing/index.ts";
import { createHostEnvironment } from "./create-host-environment.ts";

describeEnvironment("host", (profile) => Promise.resolve().then(() => createHostEnvironment({ profile })));

// Each name of a path that leads nowhere is looked up: a model may have been told to write a hundred thousand of them.
it("a path that is longer than the system takes is looked up nowhere", async () => {
  const workspace = tmpdir();
  await using environment = createHostEnvironment({
    profile: { access: "read-only", workspace, network: false },
  });
  const path = join(workspace, "a/".repeat(3_000));

  await expect(environment.realPath(path, new AbortController().signal)).rejects.toMatchObject({
    code: "environment.failed",
    message: expect.stringContaining("more than 4096 bytes"),
  });
});
