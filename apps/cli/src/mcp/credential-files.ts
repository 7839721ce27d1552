import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { McpCredentialKey, McpCredentialStore } from "@tau/mcp";

/** Keeps authorizations in files that only this user can read, named after nobody. */
export function createCredentialFiles(home: string): McpCredentialStore {
  const folder = join(home, "mcp-credentials");
  const fileOf = ({ tenant, principal, resource }: McpCredentialKey): string => {
    const name = createHash("sha256")
      .update(JSON.stringify([tenant, principal, resource]))
      .digest("hex");
    return join(folder, name);
  };
  return {
    async load(key, signal) {
      signal.throwIfAborted();
      return await readFile(fileOf(key), "utf8").catch(() => undefined);
    },
    async save(key, secret, signal) {
      signal.throwIfAborted();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${fileOf(key)}.${randomUUID()}`;
      await writeFile(draft, secret, { mode: 0o600, flag: "wx" });
      await rename(draft, fileOf(key));
    },
    async remove(key, signal) {
      signal.throwIfAborted();
      await rm(fileOf(key), { force: true });
    },
  };
}
