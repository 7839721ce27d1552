import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readDnsQuestion, writeDnsAnswer } from "./dns-message.ts";
import { createFakeAddresses } from "./fake-addresses.ts";

function query(name: string, type: "A" | "AAAA" | "TXT" = "A"): Buffer {
  return encode({ type: "query", id: 4711, flags: 0x100, questions: [{ type, name }] });
}

describe("readDnsQuestion()", () => {
  it("reads what another implementation wrote", () => {
    expect(readDnsQuestion(query("API.Example"))).toMatchObject({
      id: 4711,
      name: "api.example",
      type: 1,
      recursive: true,
    });
    expect(readDnsQuestion(query("api.example", "AAAA"))).toMatchObject({ type: 28 });
    expect(readDnsQuestion(query("api.example", "TXT"))).toMatchObject({ type: 16 });
  });

  it.each([
    ["an answer", encode({ type: "response", questions: [{ type: "A", name: "a.example" }] })],
    [
      "two questions",
      encode({
        type: "query",
        questions: [
          { type: "A", name: "a.example" },
          { type: "A", name: "b.example" },
        ],
      }),
    ],
    ["no question", encode({ type: "query", questions: [] })],
    ["another class", encode({ type: "query", questions: [{ type: "A", name: "a.example", class: "CH" }] })],
    ["a pointer in the name", Buffer.from("00010100000100000000000003616263c00c00010001", "hex")],
    ["a cut name", query("api.example").subarray(0, 18)],
    ["nothing", Buffer.alloc(0)],
  ])("does not read %s", (_, message) => {
    expect(readDnsQuestion(message)).toBeUndefined();
  });

  it("survives whatever is sent", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const asQuestion = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...bytes]);
        for (const message of [bytes, asQuestion])
          expect(["undefined", "object"]).toContain(typeof readDnsQuestion(message));
      }),
    );
  });
});

describe("writeDnsAnswer()", () => {
  it.each([
    [{ address: "127.1.2.3" }, "NOERROR", ["127.1.2.3"]],
    ["nothing", "NOERROR", []],
    ["no_name", "NXDOMAIN", []],
  ] as const)("writes %j for another implementation to read", (answer, code, addresses) => {
    const question = readDnsQuestion(query("api.example"));
    if (question === undefined) throw new Error("The question was not read.");

    const read = decode(Buffer.from(writeDnsAnswer(question, answer)));

    expect(read).toMatchObject({
      id: 4711,
      type: "response",
      rcode: code,
      questions: [{ name: "api.example" }],
    });
    expect(read.answers?.map((each) => ("data" in each ? each.data : ""))).toEqual(addresses);
  });
});

describe("createFakeAddresses()", () => {
  it("gives each name one address of loopback, and ends somewhere", () => {
    const pool = createFakeAddresses();
    const given = Array.from({ length: 9_000 }, (_, index) => pool.give(`n${index}.example`));
    const addresses = given.filter((address) => address !== undefined);

    expect(new Set(addresses).size).toBe(8_192);
    expect(addresses.every((address) => /^127\.1\.\d{1,3}\.\d{1,3}$/u.test(address))).toBe(true);
    expect(pool.give("n0.example")).toBe(given[0]);
    expect([pool.nameOf("127.1.1.0"), pool.give("n255.example")]).toEqual(["n255.example", "127.1.1.0"]);
  });
});
