import { describe, expect, test } from "vitest";

import { createGitFixture } from "./git.test.support.ts";
import { gitTools } from "./git-tools.ts";

describe("git_read", () => {
  test("shows what there is", async () => {
    const { call } = await createGitFixture();

    expect(await call("git_read", { verb: "status" })).toBe("## main\n M a.txt");
    expect(await call("git_read", { verb: "diff" })).toContain("-two\n+three");
    expect(await call("git_read", { verb: "diff", revision: "HEAD~1..HEAD", stat: true })).toContain(
      "1 file changed",
    );
    expect(await call("git_read", { verb: "diff", staged: true })).toBe("Nothing.");
    expect(await call("git_read", { verb: "log", max: 1 })).toMatch(/Ada \(HEAD -> main\)\n {4}second$/u);
    expect(await call("git_read", { verb: "log", revision: "HEAD~1", paths: ["a.txt"] })).toContain("first");
    expect(await call("git_read", { verb: "show", revision: "HEAD^" })).toMatch(/first[^]*\+one/u);
    expect(await call("git_read", { verb: "show", revision: "HEAD^", paths: ["a.txt"] })).toBe("one");
    expect(await call("git_read", { verb: "blame", paths: ["a.txt"], lines: "1,1" })).toContain("three");
    expect(await call("git_read", { verb: "branches" })).toMatch(/^\* main [0-9a-f]+ second$/u);
  });

  test("says which field a verb does not take, and what Git said", async () => {
    const { call } = await createGitFixture();

    expect(await call("git_read", { verb: "status", max: 1 })).toBe(
      "tool.invalid_arguments: status does not take max; it takes paths.",
    );
    expect(await call("git_read", { verb: "blame" })).toContain("blame takes one path");
    expect(await call("git_read", { verb: "show", revision: "nothing" })).toMatch(
      /^git\.failed: .*bad revision/su,
    );
  });

  test("passes a failure on", async () => {
    const { call } = await createGitFixture();
    expect(await call("git_write", { verb: "commit", message: "Nothing is staged" })).toContain("git.failed");
  });

  test("takes the name of a file with wildcards as it is", async () => {
    const { call, bash } = await createGitFixture();
    await bash("echo x > '*.txt'; git add -A; git commit -qm star; echo y > '*.txt'; echo four > a.txt");

    const said = await call("git_read", { verb: "diff", paths: ["*.txt"] });

    expect(said).toContain("+y");
    expect(said).not.toContain("+four");
  });
});

describe("git_write", () => {
  test("adds, commits as somebody, and switches", async () => {
    const { call, bash } = await createGitFixture();
    await bash("git config --unset user.name");

    await call("git_write", { verb: "add", paths: ["a.txt"] });
    await call("git_write", { verb: "commit", message: "Third\n\n# not a comment" });
    await call("git_write", { verb: "switch", name: "feature", create: true, revision: "HEAD~1" });
    await call("git_write", { verb: "branch", name: "side/branch", revision: "main" });

    expect(await bash("git log -1 --format=%an:%B main")).toBe("Tau:Third\n\n# not a comment\n\n");
    expect(await bash("git branch --format='%(refname:short)'")).toBe("feature\nmain\nside/branch\n");
  });

  test("brings in what was fetched where the branch can go straight on, and nothing else", async () => {
    const { call, bash } = await createGitFixture();
    await bash(
      'git push -q origin main; git clone -q -b main "$OUT/origin.git" "$OUT/c"; cd "$OUT/c"; echo n > n.txt; git add .; git commit -qm "From afar"; git push -q',
    );
    const before = (await bash("git rev-parse HEAD")).trim();

    await call("git_publish", { verb: "fetch" });
    const said = await call("git_write", { verb: "merge", revision: "origin/main" });
    expect(said).toContain(`The branch was at ${before}.`);
    expect(await bash("git log -1 --format=%s; cat n.txt a.txt")).toBe("From afar\nn\nthree\n");

    await bash(
      "git commit -qam mine; git branch theirs HEAD~1; git switch -q theirs; echo x > x; git add x; git commit -qm theirs; git switch -q main",
    );
    expect(await call("git_write", { verb: "merge", revision: "theirs" })).toMatch(
      /^git\.failed: .*fast-forward/isu,
    );
    expect(await bash("git status --short; git log -1 --format=%s")).toBe("mine\n");
    expect(await call("git_write", { verb: "merge" })).toContain("revision");
  });

  test("tags a commit, lists tags, and moves none", async () => {
    const { call, bash } = await createGitFixture();
    await call("git_write", { verb: "tag", name: "v1.0", revision: "HEAD~1" });
    await call("git_write", { verb: "tag", name: "v2.0" });

    expect(await bash("git describe --tags HEAD~1 HEAD")).toBe("v1.0\nv2.0\n");
    expect(await call("git_read", { verb: "tags" })).toMatch(
      /^v1\.0 [0-9a-f]+ first\nv2\.0 [0-9a-f]+ second$/u,
    );
    expect(await call("git_write", { verb: "tag", name: "v1.0" })).toContain("already exists");
    expect(await call("git_write", { verb: "tag", name: "-d" })).toContain("git.invalid_value");
  });

  test("keeps what restore throws away", async () => {
    const { call, bash } = await createGitFixture();

    const said = await call("git_write", { verb: "restore", paths: ["a.txt"] });

    expect(await bash("cat a.txt")).toBe("two\n");
    const id = /kept as ([0-9a-f]{40})/u.exec(said)?.[1] ?? "";
    expect(await bash(`git show ${id}:a.txt`)).toBe("three\n");
    expect(await bash("git for-each-ref refs/tau/kept")).toContain(id);
  });

  test("puts changes aside and takes them back", async () => {
    const { call, bash } = await createGitFixture();
    await bash("echo new > new.txt");

    await call("git_write", { verb: "stash", message: "For later" });
    expect(await bash("git status --short")).toBe("");
    expect(await call("git_read", { verb: "stashes" })).toContain("For later");
    await call("git_write", { verb: "unstash" });
    expect(await bash("git status --short")).toBe(" M a.txt\n?? new.txt\n");

    await bash("echo x > '*.txt'");
    await call("git_write", { verb: "stash", paths: ["*.txt"] });
    expect(await bash("git status --short")).toBe(" M a.txt\n?? new.txt\n");

    await call("git_write", { verb: "add", paths: ["."] });
    await call("git_write", { verb: "unstage", paths: ["new.txt"] });
    expect(await bash("git status --short")).toBe("M  a.txt\n?? new.txt\n");
  });
});

describe("git_publish", () => {
  test("pushes and fetches by the protocols that it was given, and no others", async () => {
    const { call, bash } = await createGitFixture();

    await call("git_publish", { verb: "push", branch: "main" });
    await bash('git -C "$OUT/origin.git" branch other main');
    await call("git_publish", { verb: "fetch" });
    expect(await bash("git branch -r --format='%(refname:short)'")).toBe("origin/main\norigin/other\n");

    await bash("git remote set-url origin http://127.0.0.1:1/x");
    expect(await call("git_publish", { verb: "fetch" })).toContain("transport 'http' not allowed");
    expect(await call("git_publish", { verb: "fetch", remote: "nobody" })).toContain("git.invalid_value");
  });

  test("resets, and says where the branch was and what was not committed", async () => {
    const { call, bash } = await createGitFixture();
    const before = (await bash("git rev-parse HEAD")).trim();

    const said = await call("git_publish", { verb: "reset", revision: "HEAD~1", mode: "hard" });

    expect(await bash("cat a.txt")).toBe("one\n");
    expect(said).toContain(`The branch was at ${before}.`);
    expect(await bash(`git show ${/kept as ([0-9a-f]{40})/u.exec(said)?.[1] ?? ""}:a.txt`)).toBe("three\n");
  });

  test("asks the rules as a command, and as something that cannot be taken back", () => {
    const [publish, read, write] = gitTools();
    const access = publish?.access({ verb: "push", branch: "it's", force: true }, "/w");

    expect([publish, read, write].map((tool) => `${tool?.name} ${tool?.sideEffect}`)).toEqual([
      "git_publish irreversible",
      "git_read pure",
      "git_write compensable",
    ]);
    expect(access).toEqual([
      { kind: "command", source: "git push --force origin 'it'\\''s'", cwd: "/w" },
      { kind: "other" },
    ]);
  });
});
