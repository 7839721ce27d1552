import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { createPlace, startScripted } from "./cli.test.support.ts";
import type { Place } from "./cli.test.support.ts";

/** An API server with one Deployment, of two replicas. */
interface ApiServer extends AsyncDisposable {
  readonly host: string;
  /** Of the requests that would have changed something. */
  readonly changes: readonly { readonly dryRun: boolean; readonly body: unknown }[];
  /** Paths of what was deleted. */
  readonly deleted: readonly string[];
}

/** Starts an {@link ApiServer}, and writes a kubeconfig for it into the place. */
async function startApiServer(place: Place): Promise<ApiServer> {
  const at = (name: string): string => join(place.base, name);
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const files = ["-keyout", at("key.pem"), "-out", at("cert.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...files], {
    stdio: "ignore",
  });
  const cert = readFileSync(at("cert.pem"), "utf8");
  const changes: { dryRun: boolean; body: unknown }[] = [];
  const deleted: string[] = [];
  let replicas = 2;
  const server = createServer({ cert, key: readFileSync(at("key.pem")) }, (request, response) => {
    const url = new URL(request.url ?? "/", "https://cluster");
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const dryRun = url.searchParams.get("dryRun") === "All";
      if (request.method === "DELETE") deleted.push(url.pathname);
      if (request.method === "PATCH") changes.push({ dryRun, body: JSON.parse(text) });
      const after = request.method === "PATCH" ? 5 : replicas;
      if (!dryRun) replicas = after;
      const found = answers(after)[url.pathname];
      response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? { kind: "Status", message: `no ${url.pathname}` }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  await place.write(
    "kubeconfig",
    `current-context: a
contexts: [{ name: a, context: { cluster: a, user: a, namespace: apps } }]
clusters: [{ name: a, cluster: { server: "https://${host}", certificate-authority: ../cert.pem } }]
users: [{ name: a, user: { token: secret } }]
`,
  );
  return {
    host,
    changes,
    deleted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answers(replicas: number): Readonly<Record<string, unknown>> {
  const deployments = {
    name: "deployments",
    singularName: "deployment",
    kind: "Deployment",
    namespaced: true,
  };
  return {
    "/version": { gitVersion: "v1.34.0" },
    "/api/v1/namespaces/apps/pods": {
      items: [
        { metadata: { name: "tau-ended" }, status: { phase: "Failed" } },
        { metadata: { name: "tau-at-work" }, status: { phase: "Running" } },
      ],
    },
    "/api/v1": { groupVersion: "v1", resources: [] },
    "/apis": { groups: [{ name: "apps", preferredVersion: { groupVersion: "apps/v1" } }] },
    "/apis/apps/v1": { groupVersion: "apps/v1", resources: [{ ...deployments, verbs: ["get", "patch"] }] },
    "/apis/apps/v1/namespaces/apps/deployments/web": {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "apps", uid: "u-1", resourceVersion: String(replicas) },
      spec: { replicas },
    },
  };
}

const scale = { action: "scale", resource: "deployments", name: "web", replicas: 5 };

describe("a cluster", () => {
  test("is looked at only where the file says so, and changed only where it names namespaces", async () => {
    await using place = await createPlace();
    await using api = await startApiServer(place);
    const shown = async (section: string): Promise<readonly string[]> => {
      await place.write("own.toml", section);
      await using model = await startScripted({ turns: [{ text: "Fine." }] });
      const { code, stderr } = await place.tau(["run", ...model.options, "--config", "own.toml", "hi"]);
      expect([code, stderr]).toEqual([0, ""]);
      const body: { tools: readonly { function: { name: string } }[] } = JSON.parse(
        JSON.stringify(model.server.requests[0]?.body),
      );
      return body.tools.map((tool) => tool.function.name).filter((name) => name.startsWith("kubernetes"));
    };
    const section = '[tools.kubernetes]\nkubeconfig = "kubeconfig"\n';
    expect(await shown("")).toEqual([]);
    expect(await shown(section)).toEqual(["kubernetes"]);
    expect(await shown(`${section}change = ["apps"]\n`)).toEqual(["kubernetes", "kubernetes_change"]);
    expect(api.changes).toEqual([]);
  });

  test("is changed as its own dry run showed it to a person, and not without one", async () => {
    await using place = await createPlace();
    await using api = await startApiServer(place);
    await place.write(
      "own.toml",
      '[environment]\nkind = "host"\n[tools.kubernetes]\nkubeconfig = "kubeconfig"\nchange = ["apps"]\n',
    );
    const turns = [{ toolCalls: [{ name: "kubernetes_change", arguments: scale }] }, { text: "Done." }];
    await using model = await startScripted({ turns });
    const running = place.onTerminal(["run", ...model.options, "--config", "own.toml", "scale it"]);
    await running.until("kubernetes_change wants to run");
    await running.until("-  replicas: 2");
    await running.until("+  replicas: 5");
    await running.until("[y]es");
    expect(api.changes.map(({ dryRun }) => dryRun)).toEqual([true]);
    running.type("y\n");
    const { code } = await running.ended;
    expect(code).toBe(0);
    expect(api.changes.map(({ dryRun }) => dryRun)).toEqual([true, true, false]);
    expect(api.changes.at(-1)?.body).toEqual({ spec: { replicas: 5 }, metadata: { resourceVersion: "2" } });
  });

  test("is what the doctor asks for its version, and says how a pod would be", async () => {
    await using place = await createPlace();
    await using _ = await startApiServer(place);
    await using model = await startScripted({ turns: [] });
    await place.write(
      "own.toml",
      '[environment]\nkind = "kubernetes"\n[environment.kubernetes]\nkubeconfig = "kubeconfig"\nruntime_class = "gvisor"\n',
    );
    const { stdout } = await place.tau(["doctor", ...model.options, "--config", "own.toml"]);
    expect(stdout).toMatch(/kubernetes v1\.34\.0, namespace apps, image debian:stable-slim, gvisor/u);
    const sandbox = await place.tau(["doctor", "--sandbox", "--config", "own.toml"]);
    expect(sandbox.stdout).toContain("create networkpolicies");
    expect(sandbox.code).not.toBe(0);
  });

  test("is cleared of the pods of crashed processes before one is made", async () => {
    await using place = await createPlace();
    await using api = await startApiServer(place);
    await using model = await startScripted({ turns: [] });
    await place.write("own.toml", '[environment.kubernetes]\nkubeconfig = "kubeconfig"\n');
    const options = ["--config", "own.toml", "--environment", "kubernetes"];
    const { code } = await place.tau(["run", ...model.options, ...options, "hi"]);
    expect(code).not.toBe(0);
    expect(api.deleted.filter((path) => path.includes("/pods/"))[0]).toBe(
      "/api/v1/namespaces/apps/pods/tau-ended",
    );
  });

  test("that cannot be had is a failure: commands do not run somewhere else instead", async () => {
    await using place = await createPlace();
    await using model = await startScripted({
      turns: [
        { toolCalls: [{ name: "bash", arguments: { command: "touch made-here" } }] },
        { text: "Done." },
      ],
    });
    await place.write("own.toml", '[environment.kubernetes]\nkubeconfig = "none"\n');
    const options = ["--config", "own.toml", "--environment", "kubernetes"];
    const { code, stderr } = await place.tau(["run", ...model.options, ...options, "hi"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('kubeconfig: "none" is not there');
    expect(code).toBe(2);
    await place.write("own.toml", "");
    const nowhere = await place.tau(["run", ...model.options, ...options, "hi"]);
    expect(nowhere.stderr).toContain("[kubernetes.config]");
    expect(nowhere.code).toBe(2);
    expect(model.server.requests).toEqual([]);
  });
});
