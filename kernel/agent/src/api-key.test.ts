import { expect, test } from "vitest";

import { resolveKey } from "./api-key.ts";
import type { ApiKey } from "./api-key.ts";

const { signal } = new AbortController();
const ask = async (key: ApiKey): Promise<string | undefined> => await resolveKey(key, signal);

test("resolveKey() takes off what surrounds a key, and counts an empty one as none", async () => {
  expect(await ask(" sk-1\n")).toBe("sk-1");
  expect(await ask(async () => "\tsk-2 ")).toBe("sk-2");
  expect(await ask(" \n")).toBeUndefined();
});

// The first is what a help says for the key that is to be put there.
test.each(["…", "sk-1\nsk-2", "sk-“1”", "sk-1\0"])(
  "resolveKey() refuses %j, which no request can carry",
  async (key) => {
    const failure = { code: "model.auth", class: "auth", message: expect.not.stringContaining("sk-") };
    await expect(ask(async () => key)).rejects.toMatchObject(failure);
    await expect(ask(key)).rejects.toMatchObject(failure);
  },
);
