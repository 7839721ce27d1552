import { expect, test } from "vitest";

import { signal } from "../memory.test.support.ts";
import { describeMemoryStore } from "../testing/index.ts";
import { createTransientStore } from "./transient-store.ts";

describeMemoryStore("createTransientStore()", (maxFiles) =>
  Promise.resolve({
    store: createTransientStore(maxFiles === undefined ? {} : { maxFiles }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);

test("createTransientStore() says when a file was written", async () => {
  const store = createTransientStore({ now: () => 42 });
  await store.save("memory/a.md", "", {}, signal);

  expect(await store.list("", signal)).toMatchObject([{ path: "memory/a.md", modifiedAt: 42 }]);
});
