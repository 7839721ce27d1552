import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseSteps } from "./parse-steps.ts";

const good = `
input:
  type: object
  properties: { path: { type: string } }
  required: [path]
requires: { scopes: [docs], max_seconds: 30 }
steps:
  - name: load
    tool: read
    with: { path: "\${input.path}", limit: 10 }
  - name: short
    llm: "Summarise: \${steps.load.output}"
    schema: { type: object }
output: "\${steps.short.output}"
`;

function reasons(text: string): readonly string[] {
  const parsed = parseSteps(text);
  return parsed.ok ? [] : parsed.faults.map(({ field, reason }) => `${field}: ${reason}`);
}

const steps = (...lines: readonly string[]): string =>
  `steps:\n${lines.map((line) => `  - ${line}\n`).join("")}`;

describe("parseSteps()", () => {
  test("reads input, steps, output and what the skill needs", () => {
    expect(parseSteps(good)).toEqual({
      ok: true,
      program: {
        input: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
        steps: [
          { kind: "tool", name: "load", tool: "read", args: { path: "${input.path}", limit: 10 } },
          {
            kind: "llm",
            name: "short",
            prompt: "Summarise: ${steps.load.output}",
            schema: { type: "object" },
          },
        ],
        output: "${steps.short.output}",
        requires: { tools: ["read"], scopes: ["docs"], maxDurationMs: 30_000 },
      },
    });
  });

  test("answers the last step where no output is named", () => {
    const parsed = parseSteps(steps("{ name: a, tool: read }", "{ name: b, tool: grep }"));

    expect(parsed.ok && parsed.program.output).toBe("${steps.b.output}");
  });

  test.each([
    ["no mapping", "- a", "steps.yaml: is not a mapping"],
    ["broken YAML", "a: [", "steps.yaml: is not YAML"],
    [
      "lists in lists",
      `steps: ${"[".repeat(30_000)}${"]".repeat(30_000)}`,
      "steps.yaml: is nested too deeply",
    ],
    ["aliases", "a: &a [1]\nsteps: *a", "steps.yaml: uses aliases"],
    [
      "keys that are written without end",
      "? ".repeat(500),
      "steps.yaml: is not YAML: With stringKeys, all keys must be strings",
    ],
    ["no steps", "steps: []", "steps.yaml steps: are missing"],
    ["an unknown key", `${steps("{ name: a, tool: t }")}loop: 1`, "steps.yaml loop: is not known"],
    ["a step without a name", steps("{ tool: t }"), "steps.yaml step 1: has no proper name"],
    ["a step that is both", steps("{ name: a, tool: t, llm: x }"), "a: has not exactly one of tool and llm"],
    ["a step that is neither", steps("{ name: a }"), "a: has not exactly one of tool and llm"],
    ["a branch", steps("{ name: a, tool: t, if: x }"), 'a: has an unknown key "if"'],
    ["two of a name", steps("{ name: a, tool: t }", "{ name: a, tool: t }"), "a: is there twice"],
    [
      "a later step",
      steps('{ name: a, llm: "${steps.b.output}" }', "{ name: b, tool: t }"),
      "refers to no step before it",
    ],
    ["the step itself", steps('{ name: a, llm: "${steps.a.output}" }'), "refers to no step before it"],
    ["something else", steps('{ name: a, llm: "${env.HOME}" }'), "refers to neither the input nor a step"],
    [
      "an input that is no object",
      `input: { type: string }\n${steps("{ name: a, tool: t }")}`,
      "steps.yaml input: is not",
    ],
    ["too much time", `requires: { max_seconds: 9999 }\n${steps("{ name: a, tool: t }")}`, "max_seconds"],
    [
      "an output of no step",
      `${steps("{ name: a, tool: t }")}output: "\${steps.z.output}"`,
      "output: ${steps.z.output}",
    ],
  ])("refuses %s, and says where", (_what, text, reason) => {
    expect(reasons(text).join("\n")).toContain(reason);
  });

  test("never throws, whatever a file holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => good + text),
        ),
        (text) => {
          expect(typeof parseSteps(text).ok).toBe("boolean");
        },
      ),
    );
  });
});
