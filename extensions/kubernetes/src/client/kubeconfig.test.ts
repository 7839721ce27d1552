import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isTauError } from "@tau/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { inClusterConnection, isInCluster } from "./in-cluster.ts";
import { loadKubeconfig } from "./kubeconfig.ts";

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "tau-kubeconfig-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const users = {
  token: "token: secret-token",
  file: "tokenFile: token.txt",
  certificate: "{ client-certificate: cert.pem, client-key-data: a2V5 }",
  plugin: `{ exec: { apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", "cat $ANSWER"], env: [{ name: ANSWER, value: ANSWER_PATH }] } }`,
  nobody: "{}",
};

function config(user: string, cluster = "server: https://cluster.test:6443/"): string {
  return `
current-context: main
contexts:
- { name: main, context: { cluster: one, user: me, namespace: apps } }
- { name: lost, context: { cluster: none, user: me } }
clusters:
- name: one
  cluster: { ${cluster}, certificate-authority-data: Q0E= }
users:
- name: me
  user: ${user.startsWith("{") ? user : `{ ${user} }`}
`;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return isTauError(error) && error.code === "kubernetes.config" ? error.message : String(error);
  }
}

describe("loadKubeconfig()", () => {
  test("reads an authority of half a million bytes, and says why it does not read a larger one", async () => {
    const authority = "A".repeat(500_000);
    const named = config(users.token).replace(
      "certificate-authority-data: Q0E=",
      "certificate-authority: ca.pem",
    );
    const folder = folderWith({
      config: named,
      "ca.pem": authority,
      large: named.replace("ca.pem", "l.pem"),
    });
    writeFileSync(join(folder, "l.pem"), "A".repeat(1_048_577));
    expect((await loadKubeconfig({ path: join(folder, "config") })).authority).toBe(authority);
    expect(await messageOf(loadKubeconfig({ path: join(folder, "large") }))).toBe(
      "The file that certificate-authority names cannot be read. The file is not read: it has more than 1048576 bytes.",
    );
  });

  test.runIf(process.platform !== "win32")(
    "waits neither for a named pipe nor for keys without end",
    async () => {
      const folder = folderWith({
        keys: "? ".repeat(500),
        aliases: `users: [${"&a 1,*a,".repeat(60_000)}]`,
      });
      execFileSync("mkfifo", [join(folder, "pipe")]);
      for (const name of ["pipe", "keys", "aliases"])
        expect(await messageOf(loadKubeconfig({ path: join(folder, name) }))).toMatch(
          /cannot be read, or is not YAML/u,
        );
    },
  );

  test("reads the current context: server, authority, namespace and a token", async () => {
    const path = join(folderWith({ config: config(users.token) }), "config");
    const connection = await loadKubeconfig({ path });
    expect(connection).toMatchObject({
      server: "https://cluster.test:6443",
      namespace: "apps",
      authority: "CA",
    });
    expect(await connection.token?.()).toBe("secret-token");
    expect((await loadKubeconfig({ path, namespace: "other" })).namespace).toBe("other");
  });

  test("reads a token's file anew each time, and certificates beside the configuration", async () => {
    const folder = folderWith({
      config: config(users.file),
      "token.txt": "first\n",
      second: config(users.certificate),
      "cert.pem": "CERT",
    });
    const { token } = await loadKubeconfig({ path: join(folder, "config") });
    expect(await token?.()).toBe("first");
    writeFileSync(join(folder, "token.txt"), "renewed");
    expect(await token?.()).toBe("renewed");
    const { certificate, key } = await loadKubeconfig({ path: join(folder, "second") });
    expect({ certificate, key }).toEqual({ certificate: "CERT", key: "key" });
  });

  test("runs a credential plugin only where that is allowed", async () => {
    const answer = {
      kind: "ExecCredential",
      status: { token: "from-plugin", expirationTimestamp: "2999-01-01T00:00:00Z" },
    };
    const folder = folderWith({ answer: JSON.stringify(answer) });
    const path = join(folder, "config");
    writeFileSync(path, config(users.plugin.replace("ANSWER_PATH", join(folder, "answer"))));
    expect(await messageOf(loadKubeconfig({ path }))).toContain("allow plugins explicitly");
    const { token } = await loadKubeconfig({ path, allowPlugins: true });
    expect(await token?.()).toBe("from-plugin");
    rmSync(join(folder, "answer"));
    expect(await token?.()).toBe("from-plugin"); // kept until it expires
    const again = await loadKubeconfig({ path, allowPlugins: true });
    expect(await messageOf(again.token?.() ?? Promise.resolve())).toContain(
      'The credential plugin of context "main" failed',
    );
  });

  test.each([
    [
      "a context that is not there",
      users.token,
      undefined,
      "absent",
      'no context "absent". It has: main, lost',
    ],
    ["a cluster that is not there", users.token, undefined, "lost", 'names the cluster "none"'],
    ["a server without TLS", users.token, "server: http://cluster.test", "main", "no https address"],
    [
      "a server whose certificate is not checked",
      users.token,
      "server: https://a, insecure-skip-tls-verify: true",
      "main",
      "skips the check",
    ],
    ["a proxy", users.token, "server: https://a, proxy-url: http://b", "main", "proxy-url"],
    [
      "a user without credentials",
      users.nobody,
      undefined,
      "main",
      "neither a token nor a client certificate",
    ],
  ])("refuses %s, and says so without a secret", async (_, user, cluster, context, expected) => {
    const path = join(folderWith({ config: config(user, cluster) }), "config");
    const message = await messageOf(loadKubeconfig({ path, context }));
    expect(message).toContain(expected);
    expect(message).not.toContain("secret-token");
  });

  test("refuses what is no YAML, or is not there", async () => {
    const path = join(folderWith({ config: "{" }), "config");
    expect(await messageOf(loadKubeconfig({ path }))).toContain("cannot be read, or is not YAML");
    expect(await messageOf(loadKubeconfig({ path: `${path}.missing` }))).toContain("cannot be read");
  });
});

describe("inClusterConnection()", () => {
  const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };

  test("reads the pod's service account, and its token anew each time", async () => {
    const folder = folderWith({ "ca.crt": "CA", namespace: "agents", token: "first" });
    const connection = await inClusterConnection({ folder, env });
    expect(connection).toMatchObject({
      server: "https://[fd00::1]:443",
      namespace: "agents",
      authority: "CA",
    });
    expect(await connection.token?.()).toBe("first");
    writeFileSync(join(folder, "token"), "renewed");
    expect(await connection.token?.()).toBe("renewed");
  });

  test("says that this is no pod, or that it has no service account", async () => {
    expect(isInCluster({})).toBe(false);
    expect(isInCluster(env)).toBe(true);
    expect(await messageOf(inClusterConnection({ env: {} }))).toContain("does not run in a pod");
    expect(await messageOf(inClusterConnection({ env, folder: folderWith({}) }))).toContain(
      "mount its service account token",
    );
  });
});
