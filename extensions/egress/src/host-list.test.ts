import { describe, expect, it } from "vitest";

import { createHostList } from "./host-list.ts";
import { parseTarget } from "./target.ts";

function allowed(hosts: readonly string[], target: string): boolean {
  const parsed = parseTarget(target, 443);
  return parsed !== undefined && createHostList(hosts).allows(parsed);
}

describe("createHostList()", () => {
  it.each([
    ["example.org", "example.org", true],
    ["example.org", "EXAMPLE.org.", true],
    ["Example.ORG", "example.org:80", true],
    ["example.org", "example.org:8080", false],
    ["example.org", "www.example.org", false],
    ["example.org", "example.org.evil.net", false],
    ["example.org", "evilexample.org", false],
    ["*.example.org", "a.example.org", true],
    ["*.example.org", "a.b.example.org", true],
    ["*.example.org", "example.org", false],
    ["*.example.org", "evilexample.org", false],
    ["*.example.org:22", "a.example.org:22", true],
    ["*.example.org:22", "a.example.org", false],
    ["example.org:22", "example.org:22", true],
    ["bücher.example", "xn--bcher-kva.example", true],
    ["xn--bcher-kva.example", "bücher.example", true],
    ["127.0.0.1:8080", "127.0.0.1:8080", true],
    ["127.0.0.1:8080", "0x7f.1:8080", true],
    ["127.0.0.1:8080", "localhost:8080", false],
    ["[::1]:8080", "[0:0:0:0:0:0:0:1]:8080", true],
    ["*", "example.org", true],
    ["*", "example.org:22", false],
    ["*:22", "example.org:22", true],
    ["*", "127.0.0.1", false],
    ["*", "8.8.8.8", false],
    ["*", "localhost", false],
  ])("%s lets %s through: %s", (entry, target, expected) => {
    expect(allowed([entry], target)).toBe(expected);
  });

  it.each([
    "*.org",
    "*.co.uk",
    "*.github.io",
    "*.amazonaws.com",
    "*.127.0.0.1",
    "https://example.org",
    "example.org/path",
    "user@example.org",
    "example.org:",
    "example.org:0",
    "example.org:65536",
    "*:x",
    "**.example.org",
    "a.*.example.org",
    "exa mple.org",
    "example..org",
    "::1",
    "",
  ])("does not take %s for a host", (entry) => {
    expect(() => createHostList([entry])).toThrow(expect.objectContaining({ code: "egress.invalid_rule" }));
  });

  it("opens an address beside public ones only where it is listed by itself", () => {
    const list = createHostList(["127.0.0.1:8080", "localhost:3000", "*.example.org", "example.org"]);

    expect(list.addressesFor({ host: "127.0.0.1", port: 8080 })).toEqual(["127.0.0.1"]);
    expect(list.addressesFor({ host: "127.0.0.1", port: 80 })).toEqual([]);
    expect(list.addressesFor({ host: "localhost", port: 3000 })).toEqual(["127.0.0.1", "::1"]);
    expect(list.addressesFor({ host: "localhost", port: 8080 })).toEqual([]);
    expect(list.addressesFor({ host: "example.org", port: 443 })).toEqual([]);
    expect(list.addressesFor({ host: "a.example.org", port: 443 })).toEqual([]);
    expect(list.ports).toEqual([8080, 3000, 80, 443]);
  });
});
