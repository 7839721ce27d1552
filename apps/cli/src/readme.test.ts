import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { createPlace } from "./cli.test.support.ts";
import { configKeys } from "./parse-config.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
/** What stands between backticks. */
const named = [...readme.matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text);

/** As `section.key`, as `section.*`, as `[section.key]`, or as `key` in a paragraph or a row about `[[section]]`. */
function isDocumented(name: string): boolean {
  const [section = "", key = ""] = name.split(".");
  const about = readme.split(/\n\n|\n(?=\|)/).filter((text) => text.includes(`[[${section}]]`));
  return (
    named.some((text) => text === name || text === `${section}.*` || text === `[${name}]`) ||
    about.some((text) => text.includes(`\`${key}\``))
  );
}

test("the README names every key of tau.toml", () => {
  expect(configKeys().filter((name) => !isDocumented(name))).toEqual([]);
});

test("the README names every command", async () => {
  await using place = await createPlace();
  const { stdout } = await place.tau(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = ""]) => name);

  expect(commands).toContain("run");
  expect(commands.filter((name) => !named.some((text) => text.startsWith(`tau ${name}`)))).toEqual([]);
});
