import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Ended, Place } from "./cli.test.support.ts";
import { demoFolder } from "./demo/copy-project.ts";
import { demoCommand } from "./demo/demo-settings.ts";

const bin = fileURLToPath(new URL("bin.ts", import.meta.url));

/** Runs the command on a machine that has no bubblewrap: in one made by bubblewrap, where its program is covered. */
function withoutBwrap(place: Place, args: readonly string[]): Ended {
  const bwrap = execFileSync("sh", ["-c", "command -v bwrap"], { encoding: "utf8" }).trim();
  const covered = ["--dev-bind", "/", "/", "--ro-bind", "/dev/null", bwrap];
  const command = [process.execPath, "--conditions=@tau/source", bin, ...args];
  try {
    const stdout = execFileSync(bwrap, [...covered, "--", ...command], {
      env: place.env,
      cwd: place.cwd,
      encoding: "utf8",
      stdio: "pipe",
    });
    return { code: 0, stdout, stderr: "" };
  } catch (error) {
    if (!(error instanceof Error && "status" in error && "stdout" in error && "stderr" in error)) throw error;
    return { code: Number(error.status), stdout: String(error.stdout), stderr: String(error.stderr) };
  }
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

describe("where there is no sandbox", () => {
  test("the demo says so, names the package, and runs its own commands marked as such", async () => {
    await using place = await createPlace();
    const { code, stdout } = withoutBwrap(place, ["demo"]);
    expect(stdout).toContain(
      "Sandbox  none: the demo's own scripted commands, and only those, run on this machine",
    );
    expect(stdout).toContain("apt-get install bubblewrap");
    expect(stdout).toContain("No sandbox: commands run on this machine, as you.");
    expect(stdout).toContain("✓ 3 passed, 0 failed");
    expect(code).toBe(0);
  });

  test("every other run refuses, before anything is sent, until the host is asked for", async () => {
    await using place = await createPlace();
    await using model = await startScripted({ turns: [{ text: "Hello." }] });
    for (const command of [["run", "hi"], ["serve"]]) {
      const refused = withoutBwrap(place, [...command, ...model.options]);
      expect(refused.stderr).toMatch(
        /apt-get install bubblewrap.*--environment host.*\[sandbox\.unavailable\]/su,
      );
      expect(refused.code).toBe(3);
    }
    expect(model.server.requests).toEqual([]);
    const doctor = withoutBwrap(place, ["doctor", ...model.options]);
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
    await place.write("../file", "");
    const { code, stdout } = await place.tau(["doctor", "--json", "-e", "host"], {
      env: { TAU_HOME: `${place.base}/file` },
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
