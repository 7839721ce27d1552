import { createServer } from "node:net";
import { once } from "node:events";

import { isTauError } from "@tau/core";
import { describe, expect, onTestFinished, test } from "vitest";

import type { Cluster, ClusterOptions } from "../cluster/api-server.test.support.ts";
import { startCluster } from "../cluster/api-server.test.support.ts";
import type { KubeClient } from "./kube-client.ts";
import { createKubeClient } from "./kube-client.ts";
import type { KubeConnection } from "./kube-connection.ts";

const never = new AbortController().signal;
const pods = {
  path: "/api/v1/namespaces/default/pods",
  asked: { verb: "list", resource: "pods", namespace: "default" },
};

async function cluster(options: ClusterOptions = {}): Promise<Cluster> {
  const started = await startCluster(options);
  onTestFinished(async () => await started[Symbol.asyncDispose]());
  return started;
}

function clientOf(connection: KubeConnection): KubeClient {
  const client = createKubeClient(connection);
  onTestFinished(() => client.close());
  return client;
}

async function errorOf(
  promise: Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await promise;
  } catch (error) {
    if (isTauError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("createKubeClient()", () => {
  test("proves itself by a token or by a certificate, and checks the server's", async () => {
    const { connection, certificates } = await cluster();
    const { token: _, authority = "", ...bare } = connection;
    const client = certificates.client;

    expect(await clientOf(connection).json(pods, never)).toMatchObject({ kind: "PodList" });
    expect(await clientOf({ ...bare, authority, ...client }).json(pods, never)).toMatchObject({
      kind: "PodList",
    });
    const wrong = clientOf({ ...bare, authority, token: async () => "another" });
    expect(await errorOf(wrong.json(pods, never))).toMatchObject({
      code: "kubernetes.unauthorized",
      class: "auth",
    });
    const trusting = clientOf({ ...bare, token: async () => "test-token-of-the-cluster" });
    expect((await errorOf(trusting.json(pods, never))).code).toBe("kubernetes.unreachable");
    const misled = clientOf({ ...connection, serverName: "other.test" });
    expect((await errorOf(misled.json(pods, never))).code).toBe("kubernetes.unreachable");
  });

  test("says who forbids what, and which role would allow it", async () => {
    const { connection } = await cluster({ forbidden: ["list pods"] });
    const { code, message } = await errorOf(clientOf(connection).json(pods, never));
    expect(code).toBe("kubernetes.forbidden");
    expect(message).toContain("forbids list pods in default");
    expect(message).toContain('bind a role with verb "list" on resource "pods" for namespace default');
  });

  test("names what is missing, and what is not reached", async () => {
    const { connection } = await cluster();
    const client = clientOf(connection);
    const one = { ...pods, path: `${pods.path}/none` };
    expect((await errorOf(client.json(one, never))).code).toBe("kubernetes.not_found");
    const silent = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    onTestFinished(() => {
      silent.close();
    });
    await once(silent, "listening");
    const address = silent.address();
    const server = `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    expect((await errorOf(clientOf({ ...connection, server }).json(pods, never))).code).toBe(
      "kubernetes.unreachable",
    );
  });

  test("stops with the signal's reason", async () => {
    const { connection } = await cluster();
    const reason = new Error("enough");
    await expect(clientOf(connection).json(pods, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const watching = async (): Promise<void> => {
      const request = { ...pods, query: { watch: "true" } };
      const events = clientOf(connection).watch(request, controller.signal)[Symbol.asyncIterator]();
      const next = events.next();
      controller.abort(reason);
      await next;
    };
    await expect(watching()).rejects.toBe(reason);
  });

  test("cuts a text that is too long, and says so", async () => {
    const { connection } = await cluster({ log: "0123456789" });
    const log = { ...pods, path: `${pods.path}/x/log`, accept: "*/*" };
    expect(await clientOf(connection).text(log, 4, never)).toEqual({ text: "0123", cut: true });
    expect(await clientOf(connection).text(log, 100, never)).toEqual({ text: "0123456789", cut: false });
  });

  test("says who forbids commands, and that a container is gone", async () => {
    const { connection } = await cluster({ forbidden: ["create pods/exec"] });
    const command = { namespace: "default", pod: "x", container: "work", command: ["true"], stdin: false };
    const run = { ...command, onOutput: () => undefined };
    const { code, message } = await errorOf(clientOf(connection).exec(run, never));
    expect({ code, hasVerb: message.includes('verb "create" on resource "pods/exec"') }).toEqual({
      code: "kubernetes.forbidden",
      hasVerb: true,
    });
    const old = await cluster({ isOld: true });
    expect(await errorOf(clientOf(old.connection).exec(run, never))).toMatchObject({
      code: "kubernetes.failed",
      message: expect.stringContaining("Kubernetes 1.30 or later"),
    });
    const other = await cluster();
    const channel = await clientOf(other.connection).exec(run, never);
    expect((await errorOf(channel.done)).code).toBe("kubernetes.unreachable");
  });
});
