import { symlink } from "node:fs/promises";
import { join } from "node:path";

import type { JsonObject } from "@tau/core";
import { createPermissionPolicy, createToolRegistry } from "@tau/tools";
import type { Decision, EffectRequest, PermissionPolicy, ToolContext } from "@tau/tools";
import fc from "fast-check";
import { createWorkspaceContext } from "@tau/tools/testing";
import { describe, expect, test } from "vitest";

import { createFolderFiles } from "./folder-files.ts";
import { loadSkill } from "./load-skill.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { createSkillTool } from "./skill-tool.ts";
import type { Skill } from "./skill.ts";
import { narrowToSkills, skillsInUse } from "./skills-in-use.ts";
import type { SkillsRun } from "./skills-in-use.ts";
import { createFolder, signal, skillOf, skillText } from "./skills.test.support.ts";

interface Bench {
  readonly context: ToolContext;
  /** The run in which it is used, and what its session kept so far. */
  readonly run: SkillsRun;
  /** Calls the tool as a model would; answers what the model reads. */
  use(input: unknown): Promise<string>;
}

async function createBench(skills: readonly Skill[], runId = "run"): Promise<Bench> {
  const made = await createWorkspaceContext();
  const context = { ...made, call: { ...made.call, runPath: ["above", runId] } };
  const tools = createToolRegistry({ tools: [createSkillTool({ skills })] });
  let kept: JsonObject = {};
  return {
    context,
    run: { runId, kept: () => kept },
    async use(input) {
      const call = { type: "tool_call", id: "1", name: "skill", arguments: JSON.stringify(input) } as const;
      const { result, keep } = await tools.execute(call, context);
      // As the log does it, from which another process would read it.
      const log: JsonObject = JSON.parse(JSON.stringify({ ...kept, ...keep }));
      kept = log;
      return result.content.map((part) => (part.type === "text" ? part.text : part.type)).join("");
    },
  };
}

async function pdfSkill(): Promise<Skill> {
  const files = {
    "SKILL.md": skillText("pdf", "Reads PDFs.", "", "Read it well."),
    "references/forms.md": "Forms.",
    "logo.png": "\0",
  };
  return await loadSkill(createMemoryFiles("pdf", files), signal);
}

describe("createSkillTool()", () => {
  test("shows the instructions with the names of the files, then a file", async () => {
    const bench = await createBench([await pdfSkill()]);

    expect(await bench.use({ name: "pdf" })).toBe(
      `<skill_content name="pdf">\nRead it well.\n\nFiles of this skill; show one with {"name": "pdf", "file": "…"}:\nlogo.png\nreferences/forms.md\n</skill_content>`,
    );
    expect(await bench.use({ name: "pdf", file: "references/forms.md" })).toBe("Forms.");
  });

  test("finds skills by a query", async () => {
    const bench = await createBench([await pdfSkill(), await skillOf(skillText("tea", "Makes tea."))]);

    expect(await bench.use({ query: "read a pdf" })).toBe("- pdf: Reads PDFs.");
    expect(await bench.use({ query: "zebra" })).toContain("No skill fits");
  });

  test.each([
    [{ name: "pfd reads" }, /skill\.not_found: There is no skill "pfd reads"\. The closest are: pdf\./u],
    [
      { name: "pdf", file: "none.md" },
      /skill\.file_not_found.*Its files are: SKILL\.md, logo\.png, references\/forms\.md\./su,
    ],
    [{ name: "pdf", file: "../../etc/passwd" }, /skill\.invalid_path/u],
    [{ name: "pdf", file: "logo.png" }, /skill\.file_not_text/u],
    [{}, /tool\.invalid_arguments/u],
    [{ query: "x", file: "y" }, /tool\.invalid_arguments/u],
  ])("answers %j with what is wrong", async (input, message) => {
    const bench = await createBench([await pdfSkill()]);

    expect(await bench.use(input)).toMatch(message);
  });

  test("stays inside of the folder, whatever is linked there", async () => {
    const base = await createFolder({ "pdf/SKILL.md": skillText("pdf", "Reads."), secret: "SECRET" });
    await symlink("../secret", join(base, "pdf/link"));
    const bench = await createBench([await loadSkill(createFolderFiles(join(base, "pdf")), signal)]);

    expect(await bench.use({ name: "pdf", file: "link" })).toMatch(/skill\.refused_file/u);
    expect(await bench.use({ name: "pdf" })).not.toContain("link");
  });

  test("is subject to rules about reading the folder", async () => {
    const base = await createFolder({ "pdf/SKILL.md": skillText("pdf", "Reads.") });
    const onDisk = await loadSkill(createFolderFiles(join(base, "pdf")), signal);
    const tool = createSkillTool({ skills: [onDisk, await skillOf(skillText("tea", "Makes tea."))] });

    expect(tool.access({ name: "pdf" }, "/work")).toEqual([{ kind: "read", path: join(base, "pdf") }]);
    expect(tool.access({ name: "tea" }, "/work")).toEqual([{ kind: "other" }]);
    expect(tool.access({ query: "x" }, "/work")).toEqual([{ kind: "other" }]);
  });
});

const everything: PermissionPolicy = { decide: () => ({ decision: "allow", reason: "" }) };

function request(tool: string, access: EffectRequest["access"] = [{ kind: "other" }]): EffectRequest {
  return { tool: { name: tool, sideEffect: "irreversible" }, access, workspace: "/work" };
}

function command(source: string): EffectRequest {
  return request("bash", [{ kind: "command", source, cwd: "/work" }]);
}

describe("allowed-tools", () => {
  async function policyAfter(allowed: string, policy = everything): Promise<PermissionPolicy> {
    const skill = await skillOf(skillText("pdf", "Reads.", `allowed-tools: ${allowed}\n`));
    const bench = await createBench([skill]);
    const narrowed = narrowToSkills(policy, bench.run);
    expect(narrowed.decide(request("write"))).toEqual(policy.decide(request("write")));
    await bench.use({ name: "pdf" });
    return narrowed;
  }

  test.each([
    ["Read", request("read"), "allow"],
    ["Read", request("write"), "deny"],
    ["Read", command("ls"), "deny"],
    ["Read", request("skill"), "allow"],
    ["Bash", command("rm -rf /"), "allow"],
    ["Bash(*)", command("rm -rf /"), "allow"],
    ["Bash(git log:*)", command("git log -3"), "allow"],
    ["Bash(git log:*)", command("git push"), "deny"],
    ["Bash(git log:*)", command("git log; rm x"), "deny"],
    ["Bash(git log:*)", command("git log > /etc/x"), "deny"],
    ["Bash(git log:*)", command("$(echo rm) x"), "deny"],
    ["Bash(git log:*) Bash(ls:*)", command("ls -l"), "allow"],
    ["Bash(a `b`)", command("a"), "deny"],
    ["Write(src/**)", request("write", [{ kind: "write", path: "src/a" }]), "allow"],
    ["Write(src/**)", request("write", [{ kind: "write", path: "src/../b" }]), "deny"],
    ["Write(src/**)", request("write", [{ kind: "write", path: "/etc/passwd" }]), "deny"],
    ["Write(src/**)", request("edit", [{ kind: "write", path: "src/a" }]), "deny"],
    ["Read(docs/**)", request("read", [{ kind: "read", path: "docs/a" }]), "allow"],
    ["Read(docs/**)", request("read", [{ kind: "read", path: "src/a" }]), "deny"],
    ["WebFetch(domain:example.org)", request("fetch", [{ kind: "network", host: "example.org" }]), "allow"],
    ["WebFetch(domain:example.org)", request("fetch", [{ kind: "network", host: "evil.org" }]), "deny"],
    ["WebFetch", request("fetch", [{ kind: "network", host: "evil.org" }]), "allow"],
    ["Glob(docs/**)", request("glob"), "deny"],
    ["Read(x write", request("write"), "deny"],
    ["Write(((", request("write", [{ kind: "write", path: "src/a" }]), "deny"],
    ["''", request("read"), "deny"],
  ])("%s: %j is decided %s", async (allowed, effect, decision) => {
    expect((await policyAfter(allowed)).decide(effect).decision).toBe(decision);
  });

  test("gives the model the reason", async () => {
    const { reason, rule } = (await policyAfter("Read Grep")).decide(request("write"));

    expect(reason).toBe(
      'The skill "pdf" is in use, and it allows only: Read, Grep. Do it with those, or tell the person that the skill does not cover it.',
    );
    expect(rule).toBe("allowed-tools of pdf");
  });

  test("counts for the run in which the skill was shown, wherever that goes on, and for no other run", async () => {
    const skill = await skillOf(skillText("pdf", "Reads.", "allowed-tools: Read\n"));
    const bench = await createBench([skill]);

    await bench.use({ name: "pdf" });

    expect(skillsInUse(bench.run)).toEqual([{ name: "pdf", allowedTools: ["Read"] }]);
    const decisionIn = (runId: string): string =>
      narrowToSkills(everything, { ...bench.run, runId }).decide(request("write")).decision;
    expect([decisionIn("run"), decisionIn("another")]).toEqual(["deny", "allow"]);
  });

  test.each([
    ["no object", "Read"],
    ["no run", { allowed_tools: ["write"] }],
    ["no list", { run: "run", allowed_tools: "write" }],
    ["other things in the list", { run: "run", allowed_tools: ["write", 1] }],
  ])("allows nothing while what the log holds is broken: %s", (_, value) => {
    const run = { runId: "run", kept: () => ({ "skill_in_use:pdf": value, plan: {} }) };

    const { decision, reason } = narrowToSkills(everything, run).decide(request("write"));

    expect(decision).toBe("deny");
    expect(reason).toContain('The skill "pdf" is in use, and it allows only: no tools.');
  });

  test("never allows what would not be allowed without the skills, and every further one only takes away", async () => {
    const strictness: Readonly<Record<Decision["decision"], number>> = { allow: 0, ask: 1, deny: 2 };
    const entry = fc.constantFrom(
      "Read",
      "Bash",
      "Bash(git:*)",
      "Bash(*)",
      "Write",
      "*",
      "skill",
      "Write(src/**)",
      "Bash(ls *)",
      "((",
      "",
    );
    const rule = fc.constantFrom("bash(git *)", "bash", "write", "read", "*", "write(src/**)");
    const effects = [
      request("read"),
      request("write", [{ kind: "write", path: "src/a" }]),
      command("git push"),
      command("ls; rm x"),
      request("skill"),
    ];
    fc.assert(
      fc.property(
        fc.array(rule),
        fc.array(rule),
        fc.array(fc.array(entry), { maxLength: 3 }),
        (allow, ask, lists) => {
          const policy = createPermissionPolicy({
            profile: "workspace-write",
            rules: { allow, ask },
            approvals: "ask",
          });
          let kept: JsonObject = {};
          const narrowed = narrowToSkills(policy, { runId: "run", kept: () => kept });
          let before = effects.map((effect) => strictness[policy.decide(effect).decision]);
          for (const [index, allowedTools] of lists.entries()) {
            kept = { ...kept, [`skill_in_use:s${index}`]: { run: "run", allowed_tools: allowedTools } };
            const after = effects.map((effect) => strictness[narrowed.decide(effect).decision]);
            expect(after.every((one, at) => one >= (before[at] ?? 2))).toBe(true);
            before = after;
          }
        },
      ),
    );
  });
});
