import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { describe, expect, it } from "vitest";

import { createJail } from "./create-jail.ts";

/** What `createJail` says with a `bwrap` that is the given shell script; none when `script` is undefined. */
async function refusal(
  script: string | undefined,
  place = "bin",
): Promise<{ code: string; message: string }> {
  const base = await mkdtemp(join(tmpdir(), "tau-bwrap-"));
  const bwrapPath = join(base, place, "bwrap");
  mkdirSync(join(base, "workspace"));
  mkdirSync(join(base, "bin"));
  if (script !== undefined) {
    writeFileSync(bwrapPath, `#!/bin/sh\n${script}\n`);
    chmodSync(bwrapPath, 0o755);
  }
  try {
    const profile = {
      access: "workspace-write",
      network: false,
      workspace: join(base, "workspace"),
    } as const;
    await using jail = await createJail({ profile, bwrapPath });
    return { code: "none", message: jail.info.kind };
  } catch (error) {
    if (!isTauError(error)) throw error;
    return { code: error.code, message: error.message };
  } finally {
    await rm(base, { recursive: true });
  }
}

describe("a jail that cannot be", () => {
  it("names the package when bubblewrap is missing", async () => {
    const { code, message } = await refusal(undefined);
    expect(code).toBe("sandbox.unavailable");
    expect(message).toContain("apt-get install bubblewrap");
  });

  it.each([
    ["echo 'bwrap: Unknown option --disable-userns' >&2; exit 1", "too old"],
    ["echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", /namespaces/],
    ['echo "bwrap: Can\'t mount proc on /newroot/proc: Operation not permitted" >&2; exit 1', /namespaces/],
    ["exit 1", /bubblewrap failed/],
    ["exec true", /bubblewrap failed/],
  ])("explains what %s means", async (script, reason) => {
    const { code, message } = await refusal(script);
    expect(code).toBe("sandbox.unavailable");
    expect(message).toMatch(reason);
  });

  it("does not trust a bubblewrap that commands could rewrite", async () => {
    const { code, message } = await refusal("exit 0", "workspace");
    expect(code).toBe("sandbox.unavailable");
    expect(message).toContain("in the workspace");
  });

  it("is refused when a probe gets out", async () => {
    const { code, message } = await refusal(
      `sed -z '/^--unshare-net$/d' <&3 > "$0.arguments"; exec bwrap "$@" 3< "$0.arguments"`,
    );
    expect(code).toBe("sandbox.escape");
    expect(message).toContain("network (connects to a port of the machine's loopback)");
  });
});
