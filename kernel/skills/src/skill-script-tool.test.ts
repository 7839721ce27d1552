import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Skill } from "./skill.ts";
import { createWorkspaceContext } from "@tau/tools/testing";
import { describe, expect, test } from "vitest";

import { createFolderFiles } from "./folder-files.ts";
import { hashSkill, withHashes } from "./hash-skill.ts";
import { loadSkill } from "./load-skill.ts";
import { createSkillScriptTool } from "./skill-script-tool.ts";
import { createFolder, signal, skillText } from "./skills.test.support.ts";

const scripts = {
  "scripts/hello.sh": 'echo "hello $1, $(pwd)"; cat "$SKILL_DIR/names.txt"; exit 3\n',
  "scripts/hello.mjs": "console.log(process.argv.slice(2).join('+'))\n",
  "names.txt": "Ada\n",
  "scripts/data.bin": "no script",
};

async function lockedSkill(): Promise<{ readonly skill: Skill; readonly folder: string }> {
  const base = await createFolder({
    "greet/SKILL.md": skillText("greet", "Greets."),
    ...Object.fromEntries(Object.entries(scripts).map(([path, text]) => [`greet/${path}`, text])),
  });
  const folder = join(base, "greet");
  const files = createFolderFiles(folder);
  return { folder, skill: await loadSkill(withHashes(files, await hashSkill(files, signal)), signal) };
}

describe("createSkillScriptTool()", () => {
  test("is no tool where no skill has scripts", async () => {
    const base = await createFolder({ "a/SKILL.md": skillText("a", "A."), "a/scripts/data.bin": "" });
    const skill = await loadSkill(createFolderFiles(join(base, "a")), signal);

    expect(await createSkillScriptTool([skill], signal)).toBeUndefined();
  });

  test("runs scripts in the workspace, with arguments that no shell reads, and names the skill's folder", async () => {
    const { skill } = await lockedSkill();
    const context = await createWorkspaceContext();
    const tool = await createSkillScriptTool([skill], signal);
    const input = { name: "greet", script: "scripts/hello.sh", args: ["$(touch pwned); you"] };

    const output = await tool?.execute(input, context);

    const { workspace } = context.environment.info.profile;
    expect(output).toMatchObject({
      content: [{ text: `Exit code 3.\nhello $(touch pwned); you, ${workspace}\nAda` }],
      details: { skill: "greet", script: "scripts/hello.sh", exitCode: 3 },
    });
    expect(
      await tool?.execute({ name: "greet", script: "scripts/hello.mjs", args: ["a", "b"] }, context),
    ).toMatchObject({
      content: [{ text: "Exit code 0.\na+b" }],
    });
  });

  test("runs nothing that is not what was locked", async () => {
    const { skill, folder } = await lockedSkill();
    const tool = await createSkillScriptTool([skill], signal);
    await writeFile(join(folder, "scripts/hello.sh"), "echo pwned\n");
    await chmod(join(folder, "scripts/hello.sh"), 0o755);

    await expect(
      tool?.execute({ name: "greet", script: "scripts/hello.sh" }, await createWorkspaceContext()),
    ).rejects.toMatchObject({ code: "skill.changed" });
  });

  test.each(["../other/scripts/x.sh", "names.txt", "scripts/data.bin", "scripts/../names.txt", "/bin/sh"])(
    "does not run %s",
    async (script) => {
      const { skill } = await lockedSkill();
      const tool = await createSkillScriptTool([skill], signal);

      await expect(
        tool?.execute({ name: "greet", script }, await createWorkspaceContext()),
      ).rejects.toMatchObject({
        code: "skill.invalid_path",
      });
    },
  );

  test("is a command for the rules, and no words of it are read by a shell", async () => {
    const { skill, folder } = await lockedSkill();
    const tool = await createSkillScriptTool([skill], signal);

    expect(
      tool?.access({ name: "greet", script: "scripts/hello.sh", args: ["it's; rm x"] }, "/work"),
    ).toEqual([
      { kind: "command", source: `'bash' '${folder}/scripts/hello.sh' 'it'\\''s; rm x'`, cwd: "/work" },
    ]);
  });
});
