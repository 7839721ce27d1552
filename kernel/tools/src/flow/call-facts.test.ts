import { untrusted, userLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { callFacts } from "./call-facts.ts";
import { bashCall, callOf, infoOf, placeOf, workspace } from "./flow.test.support.ts";

const place = placeOf();
const cloned = placeOf({ trustedWorkspace: false });
const host = placeOf({ environment: infoOf({}, false) });
const online = placeOf({ environment: infoOf({ network: { hosts: ["example.org"] } }) });

describe("callFacts()", () => {
  test("trusts files of the workspace as far as somebody vouches for it, and none outside of it", () => {
    const read = (path: string): ReturnType<typeof callOf> => callOf([{ kind: "read", path }]);

    expect(callFacts(read(`${workspace}/a.md`), place)).toEqual({
      kinds: ["read"],
      label: { integrity: "workspace", origins: ["file:a.md"], confidentiality: "workspace", secrets: [] },
    });
    expect(callFacts(read(`${workspace}/a.md`), cloned)).toEqual({
      kinds: ["read_untrusted"],
      label: untrusted("file:a.md", "workspace"),
    });
    for (const path of ["/tmp/download", `${workspace}/../b`, `${workspace}2/a`, "/"]) {
      expect(callFacts(read(path), place)).toMatchObject({ kinds: ["read_untrusted"] });
    }
  });

  test.each(["/home/ada/.ssh/id_ed25519", `${workspace}/.env`, "/proc/1/environ", "/etc/shadow"])(
    "names the secret in %s",
    (path) => {
      const { kinds, label } = callFacts(callOf([{ kind: "read", path }]), place);

      expect(kinds).toContain("read_secret");
      expect(label).toMatchObject({ confidentiality: "secret", secrets: [`file:${path.split("/").at(-1)}`] });
    },
  );

  test.each(["/home/ada/.sshx/id", "/home/bob/.ssh/id", "/home/ada", `${workspace}/.env.example`])(
    "takes %s for no secret",
    (path) => {
      expect(callFacts(callOf([{ kind: "read", path }]), place).kinds).not.toContain("read_secret");
    },
  );

  test.each([
    ["src/a.ts", "write"],
    [".github/workflows/ci.yml", "persist"],
    ["pkg/AGENTS.md", "persist"],
    ["agents.MD", "persist"],
    ["package.json", "persist"],
    [".git/hooks/pre-commit", "persist"],
    ["a/SKILL.md", "persist"],
    [".env", "persist"],
    ["../other/a.ts", "irreversible"],
    ["/etc/cron.d/x", "irreversible"],
  ])("takes writing %s for %s", (path, kind) => {
    const absolute = path.startsWith("/") ? path : `${workspace}/${path}`;
    const call = callOf([{ kind: "write", path: absolute }], { sideEffect: "idempotent" });

    expect(callFacts(call, place).kinds).toEqual([kind]);
  });

  test("judges an enforced command by what it may do, not by its words", () => {
    const harmless = bashCall("true");
    const judged = placeOf({ judgedWrites: true });
    const readOnly = placeOf({ environment: infoOf({ access: "read-only" }) });

    expect(callFacts(harmless, place).kinds).toEqual(["command", "persist", "read"]);
    expect(callFacts(harmless, judged).kinds).toEqual(["command", "read"]);
    expect(callFacts(bashCall("curl evil.example"), readOnly).kinds).toEqual(["read"]);
    expect(callFacts(harmless, cloned)).toMatchObject({ label: { integrity: "untrusted" } });
    expect(callFacts(harmless, online)).toMatchObject({
      kinds: ["command", "external", "persist", "read", "read_untrusted"],
      label: { integrity: "untrusted" },
    });
  });

  test.each([
    "cat ~/Downloads/page.html",
    "cd ../other && cat a",
    "grep -r key .. < /srv/mail",
    "sort /var/tmp/a",
  ])("trusts what %s prints no further than what a tool for files reads there", (source) => {
    for (const where of [place, host]) {
      expect(callFacts(bashCall(source), where)).toMatchObject({
        kinds: expect.arrayContaining(["read_untrusted"]),
        label: {
          integrity: "untrusted",
          origins: expect.arrayContaining([expect.stringMatching(/^file:\//u)]),
        },
      });
    }
  });

  test.each(["cat a.md /usr/include/stdio.h > /dev/null", "node /tmp/a.js", "ls -la ./src", "npm test"])(
    "trusts what %s prints in a jail as far as the workspace",
    (source) => {
      expect(callFacts(bashCall(source), place).label).toMatchObject({ integrity: "workspace" });
    },
  );

  test("takes a command that nothing confines for irreversible, and guesses what it brings in", () => {
    expect(callFacts(bashCall("npm test"), host)).toMatchObject({
      kinds: ["irreversible"],
      label: { integrity: "workspace" },
    });
    for (const source of [
      "curl https://example.org",
      "git pull",
      "sudo wget x",
      "echo a | xargs -n1 curl",
      "npm install left-pad",
      'git "$verb"',
      "bash -c 'git fetch'",
      "cat < /dev/tcp/example.org/80",
    ]) {
      expect([source, callFacts(bashCall(source), host).label?.integrity]).toEqual([source, "untrusted"]);
    }
    expect(callFacts(bashCall("cat ~/.ssh/id_rsa"), host)).toMatchObject({
      label: { secrets: ["file:id_rsa"] },
    });
  });

  test("takes a tool that only names a command for what its class says", () => {
    const push = callOf([{ kind: "command", source: "git push", cwd: workspace }], {
      sideEffect: "irreversible",
    });

    expect(callFacts(push, placeOf({ judgedWrites: true })).kinds).toContain("irreversible");
    expect(callFacts({ ...bashCall("true"), judgedWrites: true }, place).kinds).toEqual(["command", "read"]);
  });

  test("trusts what commands of other calls printed as far as those", () => {
    const output = callOf([], { showsCommands: true });
    const integrity = (at: typeof place): string | undefined => callFacts(output, at).label?.integrity;

    expect([place, cloned, online, host].map(integrity)).toEqual([
      "workspace",
      "untrusted",
      "untrusted",
      "untrusted",
    ]);
  });

  test("takes a connection for a message to somebody, unless the person wrote all of it", () => {
    const fetch = callOf([{ kind: "network", host: "example.org" }]);
    const label = untrusted("web:example.org");

    expect(callFacts(fetch, place)).toEqual({ kinds: ["external", "read_untrusted"], label });
    expect(callFacts({ ...fetch, saidByUser: true }, place)).toEqual({ kinds: ["read_untrusted"], label });
    const post = callOf(
      [
        { kind: "network", host: "example.org" },
        { kind: "send", host: "example.org" },
      ],
      { sideEffect: "irreversible" },
    );
    expect(callFacts({ ...post, saidByUser: true }, place).kinds).toEqual([
      "external",
      "irreversible",
      "read_untrusted",
    ]);
  });

  test("believes what a tool says of itself where it names nothing that it touches", () => {
    const other = [{ kind: "other" }] as const;
    const facts = (tool: Parameters<typeof callOf>[1]): readonly string[] =>
      callFacts(callOf(other, tool), place).kinds;

    expect(facts({})).toEqual(["read"]);
    expect(facts({ sideEffect: "idempotent" })).toEqual(["write"]);
    expect(facts({ sideEffect: "irreversible" })).toEqual(["irreversible"]);
    expect(facts({ label: untrusted("mcp:github") })).toEqual(["external", "read_untrusted"]);
    expect(facts({ sideEffect: "idempotent", effects: ["external"] })).toEqual(["external"]);
    expect(callFacts(callOf([], { label: userLabel, effects: [] }), place)).toEqual({
      kinds: [],
      label: userLabel,
    });
  });
});
