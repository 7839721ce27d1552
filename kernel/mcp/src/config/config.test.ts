import { describe, expect, test } from "vitest";

import { describeEndpoint, hashEndpoint } from "./endpoint.ts";
import { parseMcpServers } from "./parse-servers.ts";
import type { McpServerConfig } from "./server-config.ts";

describe("parseMcpServers()", () => {
  test("reads servers that run here and servers elsewhere", () => {
    const servers = parseMcpServers({
      files: {
        command: ["npx", "-y", "server-files", "."],
        env: { TOKEN: "env:FILES_TOKEN" },
        network: ["example.org"],
        access: "workspace-write",
        timeout_ms: 5_000,
        tools: { write_file: { enabled: false, side_effect: "idempotent", timeout_ms: 1_000 } },
      },
      mail: {
        url: "https://mcp.example/mcp",
        headers: { "x-key": "file:/run/key" },
        allow: ["send"],
        oauth: { client_id: "tau", client_secret: "env:SECRET", grant: "client_credentials" },
      },
      old: { transport: "sse", url: "http://127.0.0.1:8000/sse" },
    });

    expect(servers).toEqual({
      files: {
        transport: "stdio",
        command: ["npx", "-y", "server-files", "."],
        env: { TOKEN: "env:FILES_TOKEN" },
        network: { hosts: ["example.org"] },
        access: "workspace-write",
        timeoutMs: 5_000,
        tools: { write_file: { enabled: false, sideEffect: "idempotent", timeoutMs: 1_000 } },
      },
      mail: {
        transport: "http",
        url: "https://mcp.example/mcp",
        headers: { "x-key": "file:/run/key" },
        allow: ["send"],
        oauth: { clientId: "tau", clientSecret: "env:SECRET", grant: "client_credentials" },
      },
      old: { transport: "sse", url: "http://127.0.0.1:8000/sse" },
    });
  });

  test("names every mistake at once, and no value, which may be a secret", () => {
    const mistakes = (value: unknown): readonly string[] => {
      try {
        parseMcpServers(value);
      } catch (error) {
        expect(error).toMatchObject({ code: "mcp.invalid_config" });
        return error instanceof Error ? error.message.split("\n") : [];
      }
      return [];
    };

    expect(
      mistakes({
        a: { command: ["server", "env:TOKEN"], sampling: "yes" },
        b: {
          url: "http://example.org/mcp",
          oauth: { client_secret: "sk-hunter2", client_metadata_url: "http://example.org/tau.json" },
        },
        c: {},
        d: { url: "https://user:hunter2@example.org/", tools: { x: { side_effect: "none" } } },
        e: 7,
        f: { command: ["x"], comand: 1 },
      }),
    ).toEqual([
      "mcp.servers.a.command must be without references to secrets: put them into env.",
      "mcp.servers.a.sampling must be true or false.",
      "mcp.servers.b.url must be an https URL without user, password and fragment, or an http one of this machine.",
      'mcp.servers.b.oauth.client_secret must be a reference, "env:NAME" or "file:PATH".',
      "mcp.servers.b.oauth.client_metadata_url must be an https URL with a path, without user, password and fragment.",
      "mcp.servers.c needs a command, or a url.",
      "mcp.servers.d.url must be an https URL without user, password and fragment, or an http one of this machine.",
      "mcp.servers.d.tools.x.side_effect must be one of pure, idempotent, compensable, irreversible.",
      "mcp.servers.e must be a table, written [mcp.servers.e].",
      expect.stringContaining("mcp.servers.f.comand is not a key; there is allow,"),
    ]);
    expect(mistakes([])).toEqual(["mcp.servers must be a table, written [mcp.servers.NAME]."]);
    expect(() => parseMcpServers({ a__b: { command: ["x"] } })).toThrow(
      expect.objectContaining({ code: "mcp.invalid_name" }),
    );
  });
});

describe("hashEndpoint()", () => {
  test("changes with everything that decides what runs and what it may do, and with nothing else", () => {
    const base: McpServerConfig = { transport: "stdio", command: ["server", "a"] };
    const others: readonly McpServerConfig[] = [
      { ...base, command: ["server", "b"] },
      { ...base, command: ["server a"] },
      { ...base, env: { A: "b" } },
      { ...base, access: "full" },
      { ...base, network: true },
      { ...base, network: { hosts: ["example.org"] } },
      { ...base, sampling: true },
      { ...base, roots: true },
      { ...base, code: { "/w/a.js": "sha256:1" } },
      { ...base, code: { "/w/a.js": "sha256:2" } },
      { transport: "http", url: "https://example.org" },
      { transport: "sse", url: "https://example.org" },
      { transport: "http", url: "https://example.org", headers: { a: "env:A" } },
      { transport: "http", url: "https://example.org", oauth: { clientId: "a" } },
    ];
    const same: readonly McpServerConfig[] = [
      { ...base, access: "read-only", network: false },
      { ...base, timeoutMs: 1, idleMs: 1, allow: ["a"], tools: { a: { enabled: false } } },
    ];

    expect(new Set([base, ...others].map(hashEndpoint)).size).toBe(others.length + 1);
    expect(new Set([base, ...same].map(hashEndpoint)).size).toBe(1);
  });

  test("is of what a person is shown, without secrets", () => {
    expect(describeEndpoint({ transport: "stdio", command: ["npx", "-y", "a b", "--x=$(y)"] })).toBe(
      'npx -y "a b" "--x=$(y)"',
    );
    expect(describeEndpoint({ transport: "http", url: "https://example.org/mcp" })).toBe(
      "https://example.org/mcp",
    );
  });
});
