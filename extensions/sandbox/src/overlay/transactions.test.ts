import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { describe, expect, it } from "vitest";

import { openTransactions } from "../open-transactions.ts";
import type { Layered } from "./layered.test.support.ts";
import { layered, never, pictureOf } from "./layered.test.support.ts";
import { newTransactionId } from "./record.ts";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await promise)}`;
  } catch (error) {
    return isTauError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

function commit(
  { transactions }: Layered,
  { id, hash }: { readonly id: string; readonly hash: string },
): Promise<void> {
  return transactions.commit(id, hash, never);
}

describe("a write set", () => {
  it("names exactly what a command changed, and its hash is that of the same changes anywhere", async () => {
    await using one = await layered();
    await using other = await layered();
    const line = "echo more >> a.txt; rm -r many; ln -s b.txt z; touch tool.sh; : >> b.txt; chmod +x b.txt";
    const set = await one.hold(line);
    expect(set.changes.map(({ path, kind, type }) => `${kind} ${type} ${path}`)).toEqual([
      "changed file a.txt",
      "changed file b.txt",
      "deleted folder many",
      "deleted file many/1",
      "deleted file many/2",
      "deleted folder many/sub",
      "deleted file many/sub/3",
      "created link z",
    ]);
    expect(set.changes[1]).toMatchObject({ modeBefore: 0o644, mode: 0o755 });
    expect((await other.hold(line)).hash).toBe(set.hash);
    expect((await other.hold(`${line}; echo x > x`)).hash).not.toBe(set.hash);
  });

  it("is empty when nothing was changed, and then nothing is kept", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("cat a.txt; touch a.txt; echo x > t; rm t; echo y > /tmp/y");
    expect(set.changes).toEqual([]);
    expect(readdirSync(fixture.store)).toEqual([]);
  });

  it("is refused when a path cannot be named, and then nothing is kept", async () => {
    await using fixture = await layered();
    expect(await codeOf(fixture.hold(String.raw`touch $'odd\xff'`))).toBe(
      'environment.failed: The command changes a path whose name, "odd\uFFFD", is not UTF-8, so nobody could be shown what it did: have it change paths with other names.',
    );
    expect(await fixture.transactions.list(never)).toEqual([]);
  });

  it("is shown as a diff, without what secret files hold", async () => {
    await using fixture = await layered();
    writeFileSync(fixture.at(".env"), "KEY=hush\n");
    const set = await fixture.hold(
      "sed -i s/two/2/ a.txt; head -c 9 /dev/zero > zeros; echo TOKEN=hush > .env.local; ln -s /etc/passwd out; chmod 700 deep",
    );
    const diff = await fixture.transactions.diff(set.id, 10_000, never);
    expect(diff).toContain("changed a.txt (12 bytes)\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three");
    expect(diff).toContain("created zeros (9 bytes)");
    expect(diff).toContain('created link out → "/etc/passwd"');
    expect(diff).toContain("changed folder deep (mode 755 → 700)");
    expect(diff).not.toContain("hush");
    expect(await fixture.transactions.diff(set.id, 20, never)).toMatch(
      /^.{20}\n… \(\d+ characters more\)$/su,
    );
  });

  it("holds what several commands of one transaction did", async () => {
    await using fixture = await layered();
    await using transaction = await fixture.transactions.begin("two", never);
    const run = (line: string): Promise<unknown> =>
      transaction.environment.exec({ argv: ["bash", "-c", line], timeoutMs: 20_000 }, never);
    await run("echo 1 > n");
    await run("cat n n > m; rm n");
    expect(
      await codeOf(transaction.environment.writeFile(fixture.at("w"), Buffer.from("x"), {}, never)),
    ).toMatch(/^environment\.denied/u);
    const { changes } = await transaction.hold({}, never);
    expect(changes.map(({ path, size }) => [path, size])).toEqual([["m", 4]]);
  });

  it("is thrown away with its transaction", async () => {
    await using fixture = await layered();
    {
      await using transaction = await fixture.transactions.begin("gone", never);
      await transaction.environment.exec({ argv: ["touch", "x"], timeoutMs: 20_000 }, never);
    }
    const set = await fixture.hold("echo x > x");
    await fixture.transactions.discard(set.id, never);
    expect(await codeOf(commit(fixture, set))).toMatch(/^environment\.not_found/u);
    expect(readdirSync(fixture.store)).toEqual([]);
    expect(existsSync(fixture.at("x"))).toBe(false);
  });
});

describe("a commit", () => {
  it("can be answered for from another process, and counts once", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("echo new > new");
    const elsewhere = openTransactions({ store: fixture.store, workspace: fixture.workspace });
    expect(await elsewhere.writeSet(set.id, never)).toEqual(set);
    expect(await elsewhere.outcome(set.id, never)).toEqual({ said: "echo new > new" });
    await elsewhere.commit(set.id, set.hash, never);
    rmSync(fixture.at("new"));
    await commit(fixture, set);
    expect(existsSync(fixture.at("new"))).toBe(false);
    expect(await elsewhere.list(never)).toMatchObject([
      { id: set.id, status: "committed", title: "echo new > new" },
    ]);
  });

  it("wants the hash that was decided on, and the content of that hash", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("echo new > new");
    expect(await codeOf(commit(fixture, { ...set, hash: "0".repeat(64) }))).toMatch(
      /^environment\.conflict/u,
    );
    writeFileSync(join(fixture.store, set.id, "upper/new"), "evil");
    expect(await codeOf(commit(fixture, set))).toMatch(
      /^environment\.conflict: What was held is not .*"new"/u,
    );
    expect(existsSync(fixture.at("new"))).toBe(false);
  });

  it.each([
    [
      "a file was written",
      "echo x >> a.txt",
      "a.txt",
      (at: Layered["at"]) => writeFileSync(at("a.txt"), "other"),
    ],
    ["a file is gone", "echo x >> a.txt", "a.txt", (at: Layered["at"]) => rmSync(at("a.txt"))],
    ["a file appeared", "echo x > new", "new", (at: Layered["at"]) => writeFileSync(at("new"), "other")],
    [
      "a deleted folder got a file",
      "rm -r many",
      "many",
      (at: Layered["at"]) => writeFileSync(at("many/4"), "4"),
    ],
    [
      "a file in a deleted folder was written",
      "rm -r many",
      "many",
      (at: Layered["at"]) => writeFileSync(at("many/sub/3"), "4"),
    ],
    [
      "a folder is gone",
      "echo x > empty/x",
      "empty/x",
      (at: Layered["at"]) => rmSync(at("empty"), { recursive: true }),
    ],
  ])("does nothing when %s meanwhile", async (_, line, path, change) => {
    await using fixture = await layered();
    const set = await fixture.hold(`${line}; echo also > also`);
    change(fixture.at);
    const before = pictureOf(fixture.workspace);
    expect(await codeOf(commit(fixture, set))).toBe(
      `environment.conflict: The workspace changed meanwhile, so nothing was carried out: ${JSON.stringify(path)}.`,
    );
    expect(pictureOf(fixture.workspace)).toEqual(before);
  });

  it("is not even offered when the workspace changed under the command", async () => {
    await using fixture = await layered();
    await using transaction = await fixture.transactions.begin("slow", never);
    const run = (line: string): Promise<unknown> =>
      transaction.environment.exec({ argv: ["bash", "-c", line], timeoutMs: 20_000 }, never);
    await run("echo x >> a.txt");
    writeFileSync(fixture.at("a.txt"), "other");
    expect(await codeOf(transaction.hold({}, never))).toMatch(/^environment\.conflict: .*"a\.txt"/u);
    expect(readFileSync(fixture.at("a.txt"), "utf8")).toBe("other");
  });

  it.each([
    "mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit",
    "mkdir .tau; echo x > .tau/settings",
    "echo x > tau.toml",
    "echo K=v > .env",
  ])("of what is protected or secret is denied, also where it did not exist: %s", async (line) => {
    await using fixture = await layered();
    const before = pictureOf(fixture.workspace);
    const set = await fixture.hold(`${line}; echo fine > fine`);
    expect(await codeOf(commit(fixture, set))).toMatch(/^environment\.denied/u);
    expect(pictureOf(fixture.workspace)).toEqual(before);
  });

  it("of a pipe is denied", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("mkfifo pipe");
    expect(set.changes).toMatchObject([{ path: "pipe", type: "other" }]);
    expect(await codeOf(commit(fixture, set))).toMatch(
      /^environment\.denied: Writing pipe is denied: it is a pipe/u,
    );
  });

  it("of one transaction makes the other conflict", async () => {
    await using fixture = await layered();
    const [one, other] = [await fixture.hold("echo 1 >> a.txt"), await fixture.hold("echo 2 >> a.txt")];
    const outcomes = await Promise.all([codeOf(commit(fixture, one)), codeOf(commit(fixture, other))]);
    expect(outcomes.filter((outcome) => outcome.startsWith("environment.conflict"))).toHaveLength(1);
    expect(readFileSync(fixture.at("a.txt"), "utf8")).toMatch(/^one\ntwo\nthree\n[12]\n$/u);
  });

  it("does not follow a folder that became a link", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("echo x > empty/x");
    rmSync(fixture.at("empty"), { recursive: true });
    mkdirSync(`${fixture.workspace}-outside`);
    symlinkSync(`${fixture.workspace}-outside`, fixture.at("empty"));
    expect(await codeOf(commit(fixture, set))).toMatch(/^environment\.conflict/u);
    expect(readdirSync(`${fixture.workspace}-outside`)).toEqual([]);
  });

  it("works across file systems, and leaves no room behind", async () => {
    await using fixture = await layered({}, "/dev/shm");
    expect(statSync(fixture.workspace).dev).not.toBe(statSync(fixture.store).dev);
    const before = pictureOf(fixture.workspace);
    const set = await fixture.hold("echo x >> a.txt; rm -r many; mkdir n; echo n > n/n");
    await commit(fixture, set);
    expect(readdirSync(fixture.workspace).filter((name) => name.startsWith(".tau"))).toEqual([]);
    expect(readFileSync(fixture.at("n/n"), "utf8")).toBe("n\n");
    await fixture.transactions.undo(set.id, never);
    expect(pictureOf(fixture.workspace)).toEqual(before);
  });
});

describe("an undo", () => {
  it("does nothing when a path changed since", async () => {
    await using fixture = await layered();
    const set = await fixture.hold("echo x >> a.txt; echo new > new; rm b.txt");
    await commit(fixture, set);
    writeFileSync(fixture.at("new"), "mine");
    const before = pictureOf(fixture.workspace);
    expect(await codeOf(fixture.transactions.undo(set.id, never))).toBe(
      'environment.conflict: The workspace changed since, so nothing was undone: "new".',
    );
    expect(pictureOf(fixture.workspace)).toEqual(before);
  });

  it("is of what was committed, and of this workspace", async () => {
    await using fixture = await layered();
    await using other = await layered();
    const set = await fixture.hold("echo x >> a.txt");
    expect(await codeOf(fixture.transactions.undo(set.id, never))).toMatch(
      /^environment\.conflict: The transaction is held/u,
    );
    const elsewhere = openTransactions({ store: fixture.store, workspace: other.workspace });
    for (const id of [set.id, newTransactionId(), "../..", "x"]) {
      expect(await codeOf(elsewhere.undo(id, never))).toMatch(/^environment\.not_found/u);
    }
    expect(await elsewhere.list(never)).toEqual([]);
  });
});

describe("transactions", () => {
  it("are out of sight of commands", async () => {
    await using fixture = await layered();
    await fixture.hold("echo secret-plan > x");
    await using transaction = await fixture.transactions.begin("look", never);
    let said = "";
    await transaction.environment.exec(
      {
        argv: [
          "bash",
          "-c",
          `ls -A ${fixture.store}; cat ${fixture.store}/*/upper/x; echo y > ${fixture.store}/y; true`,
        ],
        timeoutMs: 20_000,
        onOutput: (chunk) => (said += Buffer.from(chunk).toString()),
      },
      never,
    );
    expect(said).not.toContain("secret-plan");
    expect(existsSync(join(fixture.store, "y"))).toBe(false);
    expect(lstatSync(fixture.store).mode & 0o077).toBe(0);
  });

  it("are not there where commands write beyond the workspace", async () => {
    await expect(layered({ profile: { access: "full", network: false, workspace: "" } })).rejects.toThrow(
      "no transactions",
    );
  });
});
