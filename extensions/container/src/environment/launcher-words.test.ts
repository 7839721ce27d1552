import { isTauError } from "@tau/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createLauncherWords } from "./launcher-words.ts";

const word = "0f0f";

function hear(chunks: readonly Buffer[]): { readonly exitCode: number | undefined; readonly text: string } {
  let text = "";
  const words = createLauncherWords(
    { word, stream: "stderr" },
    (chunk) => (text += Buffer.from(chunk).toString("latin1")),
  );
  for (const chunk of chunks) words.listen(chunk, "stderr");
  const exitCode = words.exitCode();
  return { exitCode, text };
}

function cut(text: string, at: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  const places = [
    0,
    ...at.map((place) => place % (bytes.length + 1)).toSorted((one, two) => one - two),
    bytes.length,
  ];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

describe("createLauncherWords()", () => {
  it("takes the exit code out of any output, however it is cut", () => {
    const output = fc.string({
      unit: fc.constantFrom("\0", "t", "tau-", "\n", "x", `\0tau-${word} `),
      maxLength: 20,
    });
    fc.assert(
      fc.property(output, fc.nat({ max: 255 }), fc.array(fc.nat()), (text, code, at) => {
        const heard = hear(cut(`${text}\0tau-${word} exit ${code}\n`, at));
        expect(heard).toEqual({ exitCode: code, text });
      }),
    );
  });

  it("hands on everything when the launcher said nothing", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("\0", "tau-", "0", "f", " ") }),
        fc.array(fc.nat()),
        (text, at) => {
          expect(hear(cut(text, at))).toEqual({ exitCode: undefined, text });
        },
      ),
    );
  });

  it("says why a command was not started, and in a terminal's way of ending lines, too", () => {
    for (const end of ["\n", "\r\n"]) {
      let error: unknown;
      try {
        hear([Buffer.from(`\0tau-${word} no program${end}`)]);
      } catch (reason) {
        error = reason;
      }
      expect(isTauError(error) && `${error.code}: ${error.message}`).toMatch(
        /^environment\.failed: .*was not found/u,
      );
    }
  });

  it("leaves the other stream alone", () => {
    const heard: string[] = [];
    const words = createLauncherWords({ word, stream: "stderr" }, (chunk) =>
      heard.push(Buffer.from(chunk).toString()),
    );
    words.listen(Buffer.from(`\0tau-${word} exit 3\n`), "stdout");
    expect(heard).toEqual([`\0tau-${word} exit 3\n`]);
    expect(words.exitCode()).toBeUndefined();
  });
});
