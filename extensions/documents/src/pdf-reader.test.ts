import { once } from "node:events";
import { createServer } from "node:http";

import { isTauError } from "@tau/core";
import type { DocumentText } from "@tau/tools";
import { describe, expect, test } from "vitest";

import { bombOf, makePdf, streamOf } from "./make-pdf.test.support.ts";
import { createPdfReader } from "./pdf-reader.ts";

const { signal } = new AbortController();
const all = { firstPage: 1, lastPage: 1000, maxChars: 50_000 };
const read = async (data: Uint8Array, rest: Partial<typeof all> = {}): Promise<DocumentText> =>
  await createPdfReader().read({ data, ...all, ...rest }, signal);

const letter = makePdf({
  pages: [["Dear Ada,", "the engine (all of it) works."], [], ["Yours, Charles"]],
  info: "/Title (A letter) /Author (Charles\nBabbage) /Producer (hand)",
});

describe("createPdfReader()", () => {
  test("gives the text of each page, what the document says of itself, and nothing for a scan", async () => {
    expect(await read(letter)).toEqual({
      pageCount: 3,
      facts: { Title: "A letter", Author: "Charles Babbage" },
      pages: [
        { number: 1, text: "Dear Ada,\nthe engine (all of it) works." },
        { number: 2, text: "" },
        { number: 3, text: "Yours, Charles" },
      ],
    });
  });

  test("reads only the pages that are asked for, and whole pages as far as they fit", async () => {
    const { pages } = await read(letter, { firstPage: 2, lastPage: 3 });
    expect(pages.map(({ number }) => number)).toEqual([2, 3]);
    expect((await read(letter, { firstPage: 4 })).pages).toEqual([]);

    const long = makePdf({ pages: [["a".repeat(30)], ["b".repeat(30)], ["c".repeat(30)]] });
    expect((await read(long, { maxChars: 70 })).pages.map(({ number }) => number)).toEqual([1, 2]);
    expect((await read(long, { maxChars: 10 })).pages).toEqual([{ number: 1, text: "a".repeat(10) }]);
  });

  test("says that a document is locked", async () => {
    const key = `<${"00".repeat(32)}>`;
    const locked = makePdf({
      pages: [["secret"]],
      trailer: `/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ${key} /U ${key} >>`,
    });

    await expect(read(locked)).rejects.toMatchObject({ code: "document.encrypted" });
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a beginning alone", Buffer.from("%PDF-1.7\n")],
    ["something else", Buffer.from("%PDF-1.7\nhello world, this is no document")],
    ["a document without pages", Buffer.from("%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer << /Root 1 0 R >>")],
  ])("says that %s is damaged", async (_, data) => {
    await expect(read(data)).rejects.toMatchObject({ code: "document.damaged" });
  });

  test("answers or says what is wrong, whichever bytes are broken", async () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const outcomes: string[] = [];
    for (let round = 0; round < 12; round++) {
      const broken = Buffer.from(letter);
      for (let count = 0; count < 1 + round; count++) broken[random(broken.length)] = random(256);
      const cut = round % 5 === 0 ? broken.subarray(0, random(broken.length)) : broken;
      const outcome = await read(cut).then(
        () => "read",
        (error: unknown) => (isTauError(error) ? error.code : String(error)),
      );
      outcomes.push(outcome);
    }

    const known = ["read", "document.damaged", "document.encrypted", "document.too_complex"];
    expect(outcomes.filter((outcome) => !known.includes(outcome))).toEqual([]);
  });

  test("ends a document that unpacks to far more than it is", async () => {
    const bomb = makePdf({ pages: [], content: bombOf(600_000_000) });
    const reader = createPdfReader({ maxMemoryBytes: 150_000_000, timeoutMs: 120_000 });

    expect(bomb.length).toBeLessThan(10_000);
    await expect(reader.read({ data: bomb, ...all }, signal)).rejects.toMatchObject({
      code: "document.too_complex",
    });
  });

  test("ends a document that draws itself for ever", async () => {
    const draw = "/X Do ".repeat(40);
    const depth = 12;
    const forms = Array.from({ length: depth }, (_, index) =>
      streamOf(
        index === depth - 1 ? "BT /F 12 Tf (x) Tj ET" : draw,
        `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F 3 0 R >> /XObject << /X ${5 + index} 0 R >> >>`,
      ),
    );
    const endless = makePdf({ pages: [], content: streamOf(draw), objects: forms });
    const reader = createPdfReader({ timeoutMs: 1_500 });

    await expect(reader.read({ data: endless, ...all }, signal)).rejects.toMatchObject({
      code: "document.too_complex",
    });
  });

  test("runs no script of a document and asks nobody for anything", async () => {
    let requests = 0;
    const server = createServer((_, response) => response.end(String((requests += 1))));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
    const script = `/S /JavaScript /JS (app.launchURL\\("${url}"\\); while \\(true\\);)`;
    const active = makePdf({
      pages: [["still here"]],
      catalog: `/OpenAction << ${script} /Next << /S /URI /URI (${url}) >> >> /AA << /WC << ${script} >> >>`,
    });

    expect((await read(active)).pages).toEqual([{ number: 1, text: "still here" }]);
    expect(requests).toBe(0);
    server.close();
  });

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const reading = createPdfReader().read({ data: letter, ...all }, stop.signal);
    stop.abort(new Error("cancelled"));

    await expect(reading).rejects.toThrow("cancelled");
  });
});
