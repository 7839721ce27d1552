import { describe, expect, it } from "vitest";

import { createCredentials } from "./credentials.ts";

const credentials = createCredentials([
  { name: "web", host: "API.example", variable: "WEB", secret: "env:WEB" },
  { name: "ported", host: "api.example:8443", variable: "PORTED", secret: "env:PORTED" },
  { name: "plain", host: "api.example", variable: "PLAIN", secret: "env:PLAIN", plainHttp: true },
]);

function namesOf(host: string, port: number, secure: boolean): readonly string[] {
  return credentials.of({ host, port }, secure).map(({ name }) => name);
}

describe("createCredentials()", () => {
  it("gives a credential to its host and port only, and unencrypted only where that was said", () => {
    expect(namesOf("api.example", 443, true)).toEqual(["web", "plain"]);
    expect(namesOf("api.example", 8443, true)).toEqual(["ported"]);
    expect(namesOf("api.example", 80, false)).toEqual(["plain"]);
    expect(namesOf("api.example", 80, true)).toEqual([]);
    expect(namesOf("api.example", 8443, false)).toEqual([]);
    for (const other of ["evil.example", "x.api.example", "api.example.evil.net", "example"]) {
      for (const port of [80, 443, 8443]) expect(namesOf(other, port, true)).toEqual([]);
    }
  });

  it("gives every credential a placeholder that nobody can guess", () => {
    const placeholders = Object.values(credentials.variables);
    expect(Object.keys(credentials.variables)).toEqual(["WEB", "PORTED", "PLAIN"]);
    expect(placeholders.every((each) => /^tau-placeholder-[0-9a-f]{32}$/u.test(each))).toBe(true);
    expect(new Set(placeholders).size).toBe(3);
    expect(credentials.namedIn(`x ${placeholders[1]} y`)).toEqual(["ported"]);
  });
});
