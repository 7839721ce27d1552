import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePatterns, secretPatterns } from "@tau/core/secrets";

import { redactText, TextRedactor } from "./text-redactor.ts";

const body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

/** Put together when the tests run, so that no scanner takes this file for a leak. */
const made = (...parts: readonly string[]): string => parts.join("");
const secrets = {
  api_key: made("sk", "-proj-", body),
  google_key: made("AI", "za", body.slice(0, 35)),
  aws_key: made("AK", "IA", "Q7".repeat(8)),
  github_token: made("gh", "p_", body),
  gitlab_token: made("gl", "pat-", body),
  npm_token: made("np", "m_", body),
  slack_token: made("xo", "xb-", body),
  jwt: made("ey", "J", [body, body, body].join(".")),
  private_key: made("-----BEGIN RSA ", "PRIVATE KEY-----", `\n${body}\n${body}\n`),
};

const patterns = compilePatterns(secretPatterns);
const withOwn = compilePatterns(secretPatterns, [
  { name: "card", pattern: /\b\d{4}(?: \d{4}){3}\b/, maxLength: 19 },
]);

/** Pushes a text piece by piece. */
function inPieces(pieces: readonly string[], compiled = patterns): string {
  const redactor = new TextRedactor(compiled);
  return pieces.map((piece) => redactor.push(piece)).join("") + redactor.end();
}

describe("redactText()", () => {
  test.each(Object.entries(secrets))("cuts out: %s", (name, secret) => {
    expect(redactText(`Use ${secret}!`, patterns)).toBe(`Use [redacted:${name}]!`);
  });

  test.each([
    "a task-list-that-is-really-long-and-has-1-digit",
    "disk-utility-something-1234567890",
    "sk-learn-is-the-name-of-a-library",
    "AKIA is a prefix, AIza too, ghp_ and eyJ",
    "npm_config_registry=https://registry.example",
  ])("leaves alone: %s", (text) => {
    expect(redactText(text, patterns)).toBe(text);
  });

  test.each(["\n", "\t", "\u001b"])("cuts out what stands after %j in a JSON string", (before) => {
    const json = JSON.stringify({ arguments: JSON.stringify(`Use:${before}${secrets.api_key}`) });
    expect(redactText(json, patterns)).not.toContain(body);
    expect(inPieces(Array.from(json))).toBe(redactText(json, patterns));
  });

  // With an expression that starts again inside of what it refused, each of these takes minutes.
  test.each([
    ["beginnings without a digit", "sk-".repeat(400_000)],
    ["beginnings without a dot", "-eyJ".repeat(300_000)],
    ["beginnings before an end", `${"sk-".repeat(400_000)} `],
  ])("is done soon with a million characters of %s", (_, text) => {
    expect(redactText(text, patterns)).toBe(text);
    expect(inPieces([text])).toBe(text);
  });

  test("finds a secret of one kind inside of what is none of another", () => {
    const none = made("ey", "J", "a-".repeat(30));
    expect(redactText(none + secrets.api_key, patterns)).toBe(`${none}[redacted:api_key]`);
  });

  test("cuts out what one's own patterns find", () => {
    expect(redactText("Pay 4111 1111 1111 1111 now", withOwn)).toBe("Pay [redacted:card] now");
  });

  test("joins findings that overlap", () => {
    const both = compilePatterns(
      [],
      [
        { name: "outer", pattern: /a.{4}b/, maxLength: 6 },
        { name: "inner", pattern: /xyz/, maxLength: 3 },
      ],
    );

    expect(redactText("..a-xyzb..", both)).toBe("..[redacted:outer]..");
  });

  test("ignores a pattern of one's own that finds nothing at every place", () => {
    const empty = compilePatterns([], [{ name: "empty", pattern: /x*/, maxLength: 5 }]);

    expect(redactText("axxb", empty)).toBe("a[redacted:empty]b");
  });
});

describe("TextRedactor", () => {
  test.each(Object.entries(secrets))("finds a secret cut at every place: %s", (name, secret) => {
    const text = `before ${secret}, after`;
    for (let cut = 0; cut <= text.length; cut++) {
      expect(inPieces([text.slice(0, cut), text.slice(cut)])).toBe(`before [redacted:${name}], after`);
    }
    expect(inPieces(text.split(""))).toBe(`before [redacted:${name}], after`);
  });

  test("says in any pieces what it says of the whole", () => {
    const word = fc.constantFrom(
      ...Object.values(secrets),
      "sk",
      "-",
      "sk-",
      "s",
      "AKI",
      "gh",
      "hello",
      " ",
      "\n",
      "disk-",
      ".",
      "ey",
      "4111 1111",
      " 1111 1111 ",
      "1",
    );
    const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(400), { maxLength: 40 }), (whole, cuts) => {
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b),
          whole.length,
        ];
        const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));

        expect(inPieces(pieces)).toBe(redactText(whole, patterns));
        expect(inPieces(pieces, withOwn)).toBe(redactText(whole, withOwn));
      }),
      { numRuns: 2000 },
    );
  });

  test("holds plain text back by a few characters at most", () => {
    const redactor = new TextRedactor(patterns);
    const said = "The quick brown fox asks g"
      .split("")
      .map((piece) => redactor.push(piece))
      .join("");

    expect(said).toBe("The quick brown fox asks ");
    expect(redactor.push("reat")).toBe("great");
  });

  test("swallows a secret that is longer than what it holds, and nothing after it", () => {
    const huge = made("sk", "-", "a1".repeat(10_000));
    const text = `key ${huge} end`;
    const pieces = text.match(/.{1,7}/gs) ?? [];

    expect(inPieces(pieces)).toBe("key [redacted:api_key] end");
  });

  test("lets a long word pass that only began like a secret", () => {
    const word = `sk-${"a".repeat(10_000)}`;

    expect(inPieces(word.match(/.{1,7}/gs) ?? [])).toBe(word);
  });

  test("counts what it cut out", () => {
    const redactor = new TextRedactor(patterns);
    redactor.push(`${secrets.aws_key} and ${secrets.npm_token}.`);
    redactor.end();

    expect(redactor.findings).toBe(2);
  });
});
