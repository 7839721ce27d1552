import { describe, expect, test } from "vitest";

import type { McpCredentialKey, McpCredentialStore } from "../oauth/credential-store.ts";

const key: McpCredentialKey = { tenant: "acme", principal: "ada", resource: "https://mcp.example/mcp" };

/** The contract of {@link McpCredentialStore}; `open` makes an empty one for each test. */
export function describeMcpCredentialStore(
  name: string,
  open: () => McpCredentialStore | Promise<McpCredentialStore>,
): void {
  const { signal } = new AbortController();

  describe(`${name}, a McpCredentialStore`, () => {
    test("gives back what was saved last, and nothing after it was removed", async () => {
      const store = await open();
      await store.save(key, "first", signal);
      await store.save(key, "second", signal);

      await expect(store.load(key, signal)).resolves.toBe("second");
      await store.remove(key, signal);
      await expect(store.load(key, signal)).resolves.toBeUndefined();
      await store.remove(key, signal);
    });

    test("keeps tenants, principals and addresses apart, whatever is in their names", async () => {
      const store = await open();
      await store.save(key, "ada's", signal);
      const others = [
        { ...key, tenant: "other" },
        { ...key, principal: "eve" },
        { ...key, principal: "ADA" },
        { ...key, principal: "../ada" },
        { ...key, tenant: 'acme","ada', principal: "" },
        { ...key, resource: "https://mcp.example/mcp/" },
        { ...key, resource: "https://mcp.example.evil/mcp" },
      ];

      for (const other of others) {
        await expect(store.load(other, signal)).resolves.toBeUndefined();
        await store.save(other, "eve's", signal);
        await expect(store.load(key, signal)).resolves.toBe("ada's");
        await store.remove(other, signal);
      }
    });

    test("gives one of two texts that are saved at once, whole", async () => {
      const store = await open();
      const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(5_000));
      await Promise.all(texts.map(async (text) => await store.save(key, text, signal)));

      expect(texts).toContain(await store.load(key, signal));
    });

    test("does nothing for whoever has given up", async () => {
      const store = await open();
      const gone = AbortSignal.abort(new Error("gone"));

      await expect(store.save(key, "late", gone)).rejects.toThrow("gone");
      await expect(store.load(key, gone)).rejects.toThrow("gone");
      await expect(store.remove(key, gone)).rejects.toThrow("gone");
      await expect(store.load(key, signal)).resolves.toBeUndefined();
    });
  });
}
