import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Ended, Place } from "./cli.test.support.ts";
import { demoFolder } from "./demo/copy-project.ts";
import { demoCommand } from "./demo/demo-settings.ts";

const execute = promisify(execFile);
const bin = fileURLToPath(new URL("bin.ts", import.meta.url));

/** Runs the command on a machine that has no bubblewrap: in one made by bubblewrap, where its program is covered. */
async function withoutBwrap(
  place: Place,
  args: readonly string[],
  alsoMissing: readonly string[] = [],
): Promise<Ended> {
  const bwrap = execFileSync("sh", ["-c", "command -v bwrap"], { encoding: "utf8" }).trim();
  const missing = [bwrap, ...alsoMissing].flatMap((path) => ["--ro-bind", "/dev/null", path]);
  const covered = ["--dev-bind", "/", "/", ...missing];
  const command = [process.execPath, "--conditions=@tau/source", bin, ...args];
  try {
    const options = { env: place.env, cwd: place.cwd, encoding: "utf8" } as const;
    return { code: 0, ...(await execute(bwrap, [...covered, "--", ...command], options)) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "stdout" in error && "stderr" in error)) throw error;
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) };
  }
}

/** The project that a demo leaves for a person to look at. */
async function removeDemo(said: string): Promise<void> {
  const [folder = ""] = /\/\S*\/tau-demo-\w{6}/u.exec(said) ?? [];
  await rm(folder, { recursive: true });
}

describe("tau demo", () => {
  test("lets an agent fix the bug in the jail, and proves it", async () => {
    await using place = await createPlace();
    const { code, stdout, stderr } = await place.tau(["demo"], { env: { npm_lifecycle_event: "start" } });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Model    scripted");
    expect(stdout).toContain("Sandbox  bubblewrap");
    expect(stdout).toMatch(/│ not ok 2 .*│ # fail 2.*✓ edit src\/cart\.js · \+2 −2.*│ # fail 0.*■ done/su);
    expect(stdout).toContain("+  return Math.max(0, discounted - couponCents);");
    expect(stdout).toContain("✓ 3 passed, 0 failed");
    expect(stdout).toMatch(/Cost {5}\$0\.0\d+/u);
    await removeDemo(stdout);
    const [, show = ""] = /npm start -- sessions show (\S+)/u.exec(stdout) ?? [];
    expect((await place.tau(["sessions", "show", show])).stdout).toContain("■ done");
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThan(140);
  });

  test("runs no other commands than its own", () => {
    const transcript = readFileSync(new URL("./transcript.json", demoFolder), "utf8");
    const commands = [...transcript.matchAll(/"command": "(.*)"/gu)].map(([, command]) => command);
    expect(new Set(commands)).toEqual(new Set([demoCommand]));
  });
});

describe("where there are no namespaces", () => {
  test("Landlock takes the place of the jail, says so, and rules decide on every command", async () => {
    await using place = await createPlace("/var/tmp");
    await place.write("rules.toml", "[permissions]\nallow = ['bash(cp *)']\n");
    await using model = await startScripted({
      turns: [
        {
          toolCalls: [
            { name: "bash", arguments: { command: "cp rules.toml fine; cp fine ../bad" } },
            { name: "bash", arguments: { command: "ls" } },
          ],
        },
        { text: "Done." },
      ],
    });
    const run = ["run", "--config", "rules.toml", "--approve", "policy", ...model.options, "hi"];
    const { code, stdout } = await withoutBwrap(place, run);
    expect(stdout).toContain(
      "Sandbox: landlock; it keeps less than the jail, so rules decide on every command.",
    );
    expect(stdout).toMatch(/cannot create regular file '\.\.\/bad': Permission denied/u);
    expect(stdout).toMatch(/✗ bash ls · denied\n {4}│ No rule covers running ls/u);
    expect(existsSync(join(place.cwd, "fine"))).toBe(true);
    expect(code).toBe(0);
    const doctor = await withoutBwrap(place, ["doctor", ...model.options]);
    expect(doctor.stdout).toMatch(
      /· sandbox .*Landlock takes the place of the jail.*apt-get install bubblewrap.*✓ sandbox .*landlock: writes below the workspace/su,
    );
    expect(doctor.code).toBe(0);
    const demo = await withoutBwrap(place, ["demo"]);
    expect(demo.stdout).toContain("Sandbox  landlock; its self-test just tried to escape, in vain");
    expect(demo.stdout).toContain("✓ 3 passed, 0 failed");
    await removeDemo(demo.stdout);
  });
});

/** What starts commands under Landlock. */
const launcher = fileURLToPath(new URL("landlock/launcher.ts", import.meta.resolve("@tau/sandbox")));

describe("where there is no sandbox that keeps the profile", () => {
  test("the demo says so, names the package, and runs its own commands marked as such", async () => {
    await using place = await createPlace();
    const { code, stdout } = await withoutBwrap(place, ["demo"], [launcher]);
    expect(stdout).toContain(
      "Sandbox  none: the demo's own scripted commands, and only those, run on this machine",
    );
    expect(stdout).toContain("apt-get install bubblewrap");
    expect(stdout).toContain("No sandbox: commands run on this machine, as you.");
    expect(stdout).toContain("✓ 3 passed, 0 failed");
    expect(code).toBe(0);
    await removeDemo(stdout);
  });

  test("every other run refuses, before anything is sent, until the host is asked for", async () => {
    await using place = await createPlace();
    // Landlock could not hide it from commands that write the workspace.
    await place.write(".env", "TOKEN=secret");
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    for (const command of [["run", "hi"], ["serve"]]) {
      const refused = await withoutBwrap(place, [...command, ...model.options]);
      expect(refused.stderr).toMatch(
        /apt-get install bubblewrap.*cannot hide \.env.*--environment host.*\[sandbox\.unavailable\]/su,
      );
      expect(refused.code).toBe(3);
    }
    expect(model.server.requests).toEqual([]);
    await rm(join(place.cwd, ".env"));
    await place.write("own.toml", "[environment.jail]\nmemory_mb = 500\n");
    const limited = await withoutBwrap(place, ["doctor", "--config", "own.toml", ...model.options]);
    expect(limited.stdout).toContain("It cannot keep the limits under [environment.jail].");
    await place.write(".env", "TOKEN=secret");
    const doctor = await withoutBwrap(place, ["doctor", ...model.options]);
    expect(doctor.stdout).toMatch(/✗ sandbox .*apt-get install bubblewrap.*1 fault\./su);
    expect(doctor.code).toBe(5);
  });
});

describe("tau doctor", () => {
  test("finds nothing wrong on a machine that is ready", async () => {
    await using place = await createPlace();
    const { code, stdout } = await place.tau(["doctor", "--base-url", "http://127.0.0.1:1/v1", "-m", "m"]);
    expect(stdout).toMatch(
      /✓ node .*✓ config .*✓ sandbox +\d+ ways out of the jail tried, all held.*✓ store .*✓ provider .*Everything is ready\./su,
    );
    expect(code).toBe(0);
  });

  test("makes every check, whatever is wrong, and says it as JSON", async () => {
    await using place = await createPlace();
    await place.write("tau.toml", "[nonsense]");
    await place.write("../home/store", "");
    const { code, stdout } = await place.tau(["doctor", "--json", "-e", "host"], {
      env: { TAU_HOME: `${place.base}/home` },
    });
    const findings = stdout
      .trimEnd()
      .split("\n")
      .map((line): { check: string; result: string } => JSON.parse(line));
    expect(findings.map(({ check, result }) => `${check} ${result}`)).toEqual([
      "node ok",
      "config fault",
      "tools ok",
      "sandbox note",
      "network note",
      "store fault",
      "memory ok",
      "provider fault",
    ]);
    expect(code).toBe(5);
  });
});
