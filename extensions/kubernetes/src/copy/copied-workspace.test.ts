import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

import { describe, expect, test } from "vitest";

import { clusterFixture, never, run } from "../pod/open-pod.test.support.ts";

describe("a copied workspace", () => {
  test("is in the pod at the same path: files, modes, links and folders, but neither secrets nor what is excluded", async () => {
    await using fixture = await clusterFixture();
    mkdirSync(fixture.at("deep/er"), { recursive: true });
    mkdirSync(fixture.at("node_modules/big"), { recursive: true });
    writeFileSync(fixture.at("deep/er/file ü"), "text");
    writeFileSync(fixture.at("tool"), "#!/bin/sh\n");
    chmodSync(fixture.at("tool"), 0o755);
    writeFileSync(fixture.at(".env"), "KEY=secret");
    symlinkSync("tool", fixture.at("link"));
    const environment = await fixture.open({ workspace: { kind: "copy", exclude: ["node_modules"] } });

    const { said } = await run(environment, "pwd; cat deep/er/*; readlink link; stat -c %a tool; ls -A");

    expect(said).toBe(`${fixture.workspace}\ntexttool\n755\ndeep\nlink\ntool\n`);
  });

  test("gets back what a command made, changed, renamed and removed", async () => {
    await using fixture = await clusterFixture();
    mkdirSync(fixture.at("old"));
    writeFileSync(fixture.at("old/gone"), "x");
    writeFileSync(fixture.at("kept"), "same");
    writeFileSync(fixture.at("changed"), "before");
    const environment = await fixture.open();
    const kept = statSync(fixture.at("kept")).ino;

    const { exitCode } = await run(
      environment,
      "rm -r old; mkdir -p new/empty; echo made > new/file; chmod 750 new/file; ln -s new/file link; printf after! > changed",
    );

    expect(exitCode).toBe(0);
    expect(readdirSync(fixture.workspace, { recursive: true }).map(String).sort()).toEqual([
      "changed",
      "kept",
      "link",
      "new",
      "new/empty",
      "new/file",
    ]);
    expect(readFileSync(fixture.at("changed"), "utf8")).toBe("after!");
    expect(statSync(fixture.at("new/file")).mode & 0o777).toBe(0o750);
    expect(readlinkSync(fixture.at("link"))).toBe("new/file");
    expect(statSync(fixture.at("kept")).ino).toBe(kept);
  });

  test("notices a change that leaves size and time of modification as they were", async () => {
    await using fixture = await clusterFixture();
    writeFileSync(fixture.at("file"), "aaaa");
    const environment = await fixture.open();

    await run(environment, "touch -r file /tmp/time; printf bbbb > file; touch -r /tmp/time file");

    expect(readFileSync(fixture.at("file"), "utf8")).toBe("bbbb");
  });

  test("sends what changed here between commands, and removes there what is gone here", async () => {
    await using fixture = await clusterFixture();
    writeFileSync(fixture.at("first"), "1");
    const environment = await fixture.open();
    await environment.writeFile(fixture.at("written"), Buffer.from("by a tool"), {}, never);
    writeFileSync(fixture.at("edited"), "by a person");
    rmSync(fixture.at("first"));

    expect((await run(environment, "cat written edited; ls")).said).toBe(
      "by a toolby a personedited\nwritten\n",
    );
  });

  test("is not changed where the profile protects it: the path is as it was, here and before the next command", async () => {
    await using fixture = await clusterFixture();
    mkdirSync(fixture.at(".git/hooks"), { recursive: true });
    writeFileSync(fixture.at(".git/config"), "[core]\n");
    const environment = await fixture.open();

    const first = await run(
      environment,
      "echo evil > .git/config; echo evil > .git/hooks/pre-commit; echo ok > fine",
    );
    const second = await run(environment, "cat .git/config; ls .git/hooks");

    expect(first.said).toContain(".git/config is not brought back");
    expect(first.said).toContain(".git/hooks/pre-commit is not brought back");
    expect(readFileSync(fixture.at(".git/config"), "utf8")).toBe("[core]\n");
    expect(readdirSync(fixture.at(".git/hooks"))).toEqual([]);
    expect(readFileSync(fixture.at("fine"), "utf8")).toBe("ok\n");
    expect(second.said).toBe("[core]\n");
  });

  test("never lets a link that a command made lead a later file out of it", async () => {
    await using fixture = await clusterFixture();
    await using other = await clusterFixture();
    const environment = await fixture.open();

    await run(environment, `ln -s ${other.workspace} out`);
    await run(environment, `mkdir -p ${other.workspace}; rm out; mkdir out; echo x > out/file; true`);
    const { said } = await run(environment, `rm -r out; ln -s ${other.workspace} out`);

    expect(said).toBe("");
    expect(readdirSync(other.workspace)).toEqual([]);
    const write = environment.writeFile(fixture.at("out/file"), Buffer.from("x"), {}, never);
    await expect(write).rejects.toMatchObject({ code: "environment.denied" });
    expect(readdirSync(other.workspace)).toEqual([]);
  });

  test("stays as it is here where a person changed what the command changed, too, and says so", async () => {
    await using fixture = await clusterFixture();
    writeFileSync(fixture.at("both"), "before");
    const environment = await fixture.open();

    let heard = "";
    const process = await environment.start(
      {
        argv: ["bash", "-c", "echo ready; read -r go; echo theirs > both"],
        onOutput(chunk) {
          heard += Buffer.from(chunk).toString();
        },
      },
      never,
    );
    writeFileSync(fixture.at("both"), "mine, and longer");
    await process.write("go\n");
    await process.exit;

    expect(readFileSync(fixture.at("both"), "utf8")).toBe("mine, and longer");
    expect(heard).toContain("both was changed here and by the command");
  });

  test("is written by nobody under a read-only profile, and by no command that only reads", async () => {
    await using fixture = await clusterFixture();
    writeFileSync(fixture.at("file"), "x");
    const writer = await fixture.open();
    const reader = await fixture.open({
      profile: { access: "read-only", network: false, workspace: fixture.workspace },
    });

    expect((await run(reader, "cat file; touch made")).exitCode).not.toBe(0);
    expect((await run(writer, "touch made", { readOnly: true })).exitCode).not.toBe(0);
    expect(readdirSync(fixture.workspace)).toEqual(["file"]);
    expect(writer.info).toMatchObject({ kind: "pod", enforced: true });
  });

  test("gets back what an aborted command left, at the latest when the environment ends", async () => {
    await using fixture = await clusterFixture();
    const environment = await fixture.open();
    const controller = new AbortController();
    const command = environment.exec(
      {
        argv: ["bash", "-c", "echo half > half; echo ready; sleep 60"],
        timeoutMs: 60_000,
        onOutput: () => controller.abort(new Error("enough")),
      },
      controller.signal,
    );
    await expect(command).rejects.toThrow("enough");
    await environment[Symbol.asyncDispose]();

    expect(readFileSync(fixture.at("half"), "utf8")).toBe("half\n");
  });

  test("shows files of the pod outside of it, and a server that runs sees what is written", async () => {
    await using fixture = await clusterFixture();
    const environment = await fixture.open();
    await run(environment, "echo there > /tmp/in-pod");
    const read = await environment.readFile("/tmp/in-pod", never);
    expect(Buffer.from(read).toString()).toBe("there\n");
    expect(existsSync("/tmp/in-pod")).toBe(false);

    const said = Promise.withResolvers<string>();
    const watcher = await environment.start(
      {
        argv: ["bash", "-c", "until [ -s fresh ]; do sleep 0.01; done; cat fresh"],
        onOutput: (chunk) => said.resolve(Buffer.from(chunk).toString()),
      },
      never,
    );
    await environment.writeFile(fixture.at("fresh"), Buffer.from("seen"), {}, never);
    expect(await said.promise).toBe("seen");
    await watcher.exit;
  });

  test("is refused when it is too large, with the remedy", async () => {
    await using fixture = await clusterFixture();
    writeFileSync(fixture.at("large"), Buffer.alloc(2_000));
    const opening = fixture.open({ workspace: { kind: "copy", maxBytes: 1_000 } });
    await expect(opening).rejects.toMatchObject({ code: "environment.failed" });
    await expect(opening).rejects.toThrow(/Exclude folders/u);
    expect(fixture.cluster.requests.some((line) => line.startsWith("DELETE /api/v1/"))).toBe(true);
  });
});
