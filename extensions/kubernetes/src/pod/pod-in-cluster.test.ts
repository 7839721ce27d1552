import { isTauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";
import { servedKinds } from "../cluster/resource-store.test.support.ts";
import { clusterFixture, never, run } from "./open-pod.test.support.ts";
import type { ClusterFixture } from "./open-pod.test.support.ts";
import { createPodDriver } from "./pod-driver.ts";
import { removeLeftovers } from "./remove-leftovers.ts";

function objects({ cluster }: ClusterFixture, kind: string): ReturnType<typeof cluster.store.list> {
  const served = servedKinds.find((one) => one.kind === kind && one.group !== "metrics.k8s.io");
  return served === undefined ? [] : cluster.store.list(served, "default");
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no error";
  } catch (error) {
    return isTauError(error) ? error.code : String(error);
  }
}

describe("createPodEnvironment()", () => {
  test("makes a pod as the restricted Pod Security Standard wants it, with limits, an end and labels", async () => {
    await using fixture = await clusterFixture();
    await fixture.open({
      runtimeClass: "gvisor",
      tenant: "acme",
      limits: { memory: "512Mi" },
      maxAgeSeconds: 600,
    });
    const [pod] = objects(fixture, "Pod");

    expect(fieldOf(pod, "metadata", "labels")).toMatchObject({
      "app.kubernetes.io/managed-by": "tau",
      "tau.dev/tenant": "acme",
    });
    expect(fieldOf(pod, "spec")).toMatchObject({
      runtimeClassName: "gvisor",
      activeDeadlineSeconds: 600,
      automountServiceAccountToken: false,
      hostNetwork: false,
      restartPolicy: "Never",
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const container of objectsOf(pod, "spec", "containers")) {
      expect(container).toMatchObject({
        resources: { limits: { cpu: "1", memory: "512Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      });
    }
    const volumes = objectsOf(pod, "spec", "volumes");
    expect(volumes.every((volume) => volume["emptyDir"] !== undefined)).toBe(true);
  });

  test("labels the pod with the tenant, or with its hash where no label takes the name", async () => {
    await using fixture = await clusterFixture();
    await fixture.open({ tenant: "acme/eu" });
    const [pod] = objects(fixture, "Pod");
    expect(textOf(pod, "metadata", "labels", "tau.dev/tenant")).toMatch(/^[0-9a-f]{40}$/u);
  });

  test("refuses to run as root", async () => {
    await using fixture = await clusterFixture();
    await expect(fixture.open({ user: 0 })).rejects.toBeInstanceOf(RangeError);
  });

  test("makes a policy before the pod that lets nothing in or out, and both are gone in the end", async () => {
    await using fixture = await clusterFixture();
    const environment = await fixture.open();
    const [policy] = objects(fixture, "NetworkPolicy");
    const [pod] = objects(fixture, "Pod");

    expect(fieldOf(policy, "spec")).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
    expect(fieldOf(policy, "spec", "egress")).toBeUndefined();
    expect(textOf(objectsOf(policy, "metadata", "ownerReferences")[0], "uid")).toBe(
      textOf(pod, "metadata", "uid"),
    );
    const made = fixture.cluster.requests.filter((line) => line.startsWith("POST"));
    expect(made[0]).toContain("networkpolicies");
    const { port } = new URL(fixture.cluster.connection.server);
    const dial = `exec 3<>/dev/tcp/127.0.0.1/${port}`;
    expect((await run(environment, dial)).exitCode).not.toBe(0);

    await environment[Symbol.asyncDispose]();
    expect([...objects(fixture, "Pod"), ...objects(fixture, "NetworkPolicy")]).toEqual([]);
  });

  test("reaches nothing where the profile names hosts, and says so", async () => {
    await using fixture = await clusterFixture();
    const profile = {
      access: "workspace-write",
      workspace: fixture.workspace,
      network: { hosts: ["*"] },
    } as const;
    const environment = await fixture.open({ profile });
    expect(objects(fixture, "NetworkPolicy")).toHaveLength(1);
    expect(environment.info.unenforced).toContainEqual(
      expect.stringContaining("named hosts are not reached"),
    );
  });

  test("is refused by a cluster that does not enforce policies, unless that is allowed; then it says so", async () => {
    await using fixture = await clusterFixture({ enforcesPolicies: false });
    expect(await codeOf(fixture.open())).toBe("kubernetes.pod_failed");
    expect(objects(fixture, "Pod")).toEqual([]);
    const environment = await fixture.open({ allowOpenNetwork: true });
    expect(environment.info.enforced).toBe(false);
    expect(environment.info.unenforced).toContainEqual(expect.stringContaining("does not enforce"));
  });

  test("has the network that the profile allows, without a policy", async () => {
    await using fixture = await clusterFixture();
    const profile = { access: "workspace-write", workspace: fixture.workspace, network: true } as const;
    const environment = await fixture.open({ profile });
    expect(objects(fixture, "NetworkPolicy")).toEqual([]);
    const { port } = new URL(fixture.cluster.connection.server);
    expect((await run(environment, `exec 3<>/dev/tcp/127.0.0.1/${port}`)).exitCode).toBe(0);
  });

  test("tells why a pod does not start, and leaves nothing of it", async () => {
    await using fixture = await clusterFixture({ imageFailure: "image not found" });
    const opening = fixture.open();
    expect(await codeOf(opening)).toBe("kubernetes.pod_failed");
    await expect(opening).rejects.toThrow(/ImagePullBackOff.*image not found/u);
    expect([...objects(fixture, "Pod"), ...objects(fixture, "NetworkPolicy")]).toEqual([]);
  });

  test("tells which role is missing", async () => {
    await using fixture = await clusterFixture({ forbidden: ["create pods"] });
    const opening = fixture.open();
    expect(await codeOf(opening)).toBe("kubernetes.forbidden");
    await expect(opening).rejects.toThrow(/verb "create" on resource "pods" for namespace default/u);
  });

  test("gives commands none of the variables of the container, and no word of them to the audit log", async () => {
    await using fixture = await clusterFixture();
    const environment = await fixture.open();
    const { said } = await run(environment, "env; : secret-word", { env: { PRIVATE: "secret-value" } });
    expect(said).toContain("PRIVATE=secret-value");
    expect(said).not.toContain("KUBERNETES_SERVICE_HOST");
    expect(fixture.cluster.requests.filter((line) => /secret-(value|word)/u.test(line))).toEqual([]);
  });
});

describe("createPodDriver()", () => {
  test("tries a pod and reports what it keeps, or why there is none and what to do", async () => {
    await using fixture = await clusterFixture();
    await using broken = await clusterFixture({ forbidden: ["create networkpolicies"] });
    const profile = { access: "workspace-write", network: false, workspace: fixture.workspace } as const;
    const usable = await createPodDriver({ client: fixture.client, image: "x" }).probe(profile, never);
    const unusable = await createPodDriver({ client: broken.client, image: "x" }).probe(profile, never);

    expect(usable).toMatchObject({
      usable: true,
      unenforced: [expect.stringContaining("outlive its command")],
    });
    expect(unusable).toMatchObject({ usable: false, reason: expect.stringContaining("networkpolicies") });
    expect(objects(fixture, "Pod")).toEqual([]);
  });
});

describe("removeLeftovers()", () => {
  test("deletes pods of environments that have ended, and no others", async () => {
    await using fixture = await clusterFixture();
    const [served] = servedKinds;
    if (served === undefined) throw new TypeError("unreachable");
    const put = (name: string, phase: string, labels: Readonly<Record<string, string>>): void => {
      const key = { served, namespace: "default", name };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, status: { phase } };
      fixture.cluster.store.create(key, pod, { dryRun: false, manager: "test" });
    };
    const ours = { "app.kubernetes.io/managed-by": "tau", "tau.dev/environment": "x" };
    put("ended", "Failed", ours);
    put("running", "Running", ours);
    put("foreign", "Failed", { "app.kubernetes.io/managed-by": "helm" });

    expect(await removeLeftovers(fixture.client, "default", never)).toEqual(["ended"]);
    expect(objects(fixture, "Pod").map((pod) => textOf(pod, "metadata", "name"))).toEqual([
      "foreign",
      "running",
    ]);
  });
});
