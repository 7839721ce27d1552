/**
 * A process that is made to be killed: several lanes append to streams that another process uses too, and each append
 * is printed once it was acknowledged.
 *
 * `node crash-child.test.support.ts <directory> <label>` prints `ack <stream> <seq of the last event> <text>`.
 */
import { isTauError } from "@tau/core";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { eventOf } from "./test-store.test.support.ts";

const [directory = "", label = ""] = process.argv.slice(2);
const store = await createSqliteStore({ directory });

async function lane(stream: string, name: string): Promise<void> {
  const id = { tenant: "acme", stream };
  let version = await store.journal.version(id);
  for (let made = 1; ;) {
    const text = `${name} ${made}`;
    const size = 1 + (made % 3);
    const events = Array.from({ length: size }, (_, part) => eventOf(`${text} ${part + 1}/${size}`));
    try {
      version = await store.journal.append(id, version, events);
      process.stdout.write(`ack ${stream} ${version} ${text}\n`);
      made += 1;
    } catch (error) {
      if (!isTauError(error) || error.code !== "journal.conflict") throw error;
      version = await store.journal.version(id);
    }
  }
}

await Promise.all(
  [1, 2, 3, 4].map((number) => lane(`session/${number % 2}`, `${label}${process.pid}.${number}`)),
);
