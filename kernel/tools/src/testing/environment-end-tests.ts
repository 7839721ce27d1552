import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { EnvironmentFactory, EnvironmentFixture } from "./environment-fixture.ts";
import {
  codeOf,
  createEnvironmentFixture,
  endlessChild,
  processesWith,
  stubborn,
} from "./environment-fixture.ts";

/** Shell lines that leave a child behind; `CHILD` runs for minutes and carries a token in its arguments. */
export const leftovers: Readonly<Record<string, string>> = {
  "in the background": "CHILD & echo done",
  "without the hang-up signal": "nohup CHILD >/dev/null 2>&1 & echo done",
  "in its own session": "setsid CHILD & echo done",
  "in its own session, without output": "setsid CHILD >/dev/null 2>&1 </dev/null & echo done",
  "forked twice": "( ( CHILD ) & ) & echo done",
  "deaf to the polite signal": "( trap '' TERM HUP INT; CHILD ) & echo done",
  disowned: "CHILD & disown; echo done",
};

/** Checks that nothing outlives its command, whatever ends it. */
export function describeEnds(create: EnvironmentFactory): void {
  describe("ends", () => {
    it.each(Object.entries(leftovers))("leaves no child %s", async (_, line) => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const result = await fixture.run({ bash: line.replace("CHILD", endlessChild(token)) });
      expect(result).toMatchObject({ exitCode: 0, timedOut: false, stdout: "done\n" });
      expect(await processesWith(token)).toEqual([]);
    });

    it("ends a command that takes too long, with its children", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const result = await fixture.run({ bash: stubborn(token), timeoutMs: 300 });
      expect(result).toMatchObject({ timedOut: true });
      expect(await processesWith(token)).toEqual([]);
    });

    // A machine under load may need more than the polite time; a command is not promised any.
    it("lets a command tidy up before it is killed", { retry: 5 }, async () => {
      await using fixture = await createEnvironmentFixture(create);
      const controller = new AbortController();
      let heard = "";
      const run = fixture.run(
        {
          bash: "trap 'echo tidy; exit 3' TERM; sleep 60 & echo ready; wait",
          onOutput(chunk) {
            heard += Buffer.from(chunk).toString();
            controller.abort(new Error("enough"));
          },
        },
        controller.signal,
      );
      await expect(run).rejects.toThrow("enough");
      expect(heard).toBe("ready\ntidy\n");
    });

    it("ends a command when the signal aborts, and rejects with the signal's reason", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const controller = new AbortController();
      const reason = new Error("enough");
      await expect(
        untilReady(fixture, token, controller.signal, () => controller.abort(reason)),
      ).rejects.toBe(reason);
      expect(await processesWith(token)).toEqual([]);
    });

    it("ends its commands when it is disposed of, and starts no more", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const disposals: Promise<void>[] = [];
      const run = untilReady(fixture, token, new AbortController().signal, () => {
        disposals.push(Promise.resolve(fixture.environment[Symbol.asyncDispose]()));
      });
      expect(await codeOf(run)).toBe("environment.failed");
      await Promise.all(disposals);
      expect(await processesWith(token)).toEqual([]);
      expect(await codeOf(fixture.run({ argv: ["true"] }))).toBe("environment.failed");
    });

    it("ends a command whose listener throws, and rejects with what it threw", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const token = randomUUID();
      const broken = new Error("broken listener");
      const run = untilReady(fixture, token, new AbortController().signal, () => {
        throw broken;
      });
      await expect(run).rejects.toBe(broken);
      expect(await processesWith(token)).toEqual([]);
    });
  });
}

async function untilReady(
  fixture: EnvironmentFixture,
  token: string,
  signal: AbortSignal,
  onReady: () => void,
): Promise<unknown> {
  return await fixture.run({ bash: stubborn(token), onOutput: onReady }, signal);
}
