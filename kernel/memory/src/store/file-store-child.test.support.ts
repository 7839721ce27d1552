import { isTauError } from "@tau/core";

import { createFileStore } from "./file-store.ts";

const [what = "", folder = "", times = "0"] = process.argv.slice(2);
const store = createFileStore({ folder, tenant: "acme" });
const { signal } = new AbortController();

if (what === "count") {
  for (let done = 0; done < Number(times);) if (await addOne()) done += 1;
} else {
  for (let round = 0; ; round++) {
    await store.save("memory/whole.md", String.fromCodePoint(97 + (round % 26)).repeat(100_000), {}, signal);
    process.stdout.write(".");
  }
}

async function addOne(): Promise<boolean> {
  const path = "memory/count.md";
  try {
    const found = await store.load(path, signal).catch((error: unknown) => {
      if (isTauError(error) && error.code === "memory.not_found") return undefined;
      throw error;
    });
    await store.save(path, String(Number(found?.text ?? 0) + 1), { ifMatch: found?.etag ?? null }, signal);
    return true;
  } catch (error) {
    if (isTauError(error) && (error.code === "memory.changed" || error.code === "memory.exists"))
      return false;
    throw error;
  }
}
