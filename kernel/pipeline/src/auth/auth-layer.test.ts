import { createHash } from "node:crypto";

import type { Authenticator, CallContext, Credential, Principal } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { authLayer } from "./auth-layer.ts";
import { createTokenAuthenticator } from "./token-authenticator.ts";

const grace: Principal = { id: "grace", kind: "person", scopes: ["models"] };

const bearer = (token: string): Credential => ({ scheme: "bearer", reveal: () => token });

const tokens = createTokenAuthenticator([
  { sha256: createHash("sha256").update("secret-token").digest("hex"), tenant: "acme", principal: grace },
]);

/** Shows what the layers inside of auth see. */
function spy(): { readonly layer: Layer; readonly contexts: CallContext[] } {
  const contexts: CallContext[] = [];
  const layer: Layer = {
    name: "iam",
    wrap: (next) => (call) => {
      contexts.push(call.context);
      return next(call);
    },
  };
  return { layer, contexts };
}

async function callAs(authenticator: Authenticator, context: Partial<CallContext>): Promise<unknown> {
  const pipeline = withLayers(playing([hello]).model, authLayer({ authenticator }));
  return await readAll(pipeline.stream(question, contextOf(context)));
}

describe("authLayer()", () => {
  test("gives the call the name that the credential proves, and keeps the credential", async () => {
    const { layer, contexts } = spy();
    const pipeline = withLayers(playing([hello]).model, authLayer({ authenticator: tokens }), layer);
    const { stream, record } = pipeline.start(question, contextOf({ credential: bearer("secret-token") }));
    await readAll(stream);

    expect(contexts).toMatchObject([{ tenant: "acme", principal: grace }]);
    expect(contexts[0]).not.toHaveProperty("credential");
    expect(record.principal).toEqual(grace);
  });

  test.each([
    ["no credential", {}],
    ["a wrong credential", { credential: bearer("wrong") }],
    ["a credential of another tenant", { credential: bearer("secret-token"), tenant: "other" }],
  ])("refuses %s with the same words, and asks no model", async (_name, context) => {
    const played = playing([hello]);
    const pipeline = withLayers(played.model, authLayer({ authenticator: tokens }));
    const error = await readAll(pipeline.stream(question, contextOf(context))).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({
      code: "auth.unauthenticated",
      class: "auth",
      message: "The call has no credential that is valid for its tenant. Send one that is.",
    });
    expect(played.calls()).toBe(0);
  });

  test("refuses when nobody can say who calls", async () => {
    const down: Authenticator = {
      authenticate() {
        throw new Error("the directory is down");
      },
    };

    await expect(callAs(down, { credential: bearer("secret-token") })).rejects.toMatchObject({
      code: "auth.unavailable",
      message: expect.not.stringContaining("directory"),
    });
  });

  test("lets go of an authenticator that does not obey its signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const stuck: Authenticator = {
      authenticate() {
        controller.abort(reason);
        return new Promise(() => undefined);
      },
    };

    await expect(
      callAs(stuck, { credential: bearer("secret-token"), signal: controller.signal }),
    ).rejects.toBe(reason);
  });

  test("looks for the credential where it is told to", async () => {
    const layer = authLayer({ authenticator: tokens, credentialOf: () => bearer("secret-token") });
    const pipeline = withLayers(playing([hello]).model, layer);

    await expect(readAll(pipeline.stream(question, contextOf()))).resolves.toHaveLength(2);
  });
});

describe("createTokenAuthenticator()", () => {
  test("takes hashes in either case", async () => {
    const sha256 = createHash("sha256").update("secret-token").digest("hex").toUpperCase();
    const authenticator = createTokenAuthenticator([{ sha256, tenant: "acme", principal: grace }]);

    expect(await authenticator.authenticate(bearer("secret-token"), AbortSignal.timeout(1000))).toEqual({
      tenant: "acme",
      principal: grace,
    });
    expect(await authenticator.authenticate(bearer(""), AbortSignal.timeout(1000))).toBeUndefined();
  });
});

const known: Authenticator = {
  authenticate: async ({ reveal }) =>
    reveal() === "right" ? { tenant: "contract", principal: grace } : undefined,
};

describeLayer("authLayer()", () => ({
  layers: [authLayer({ authenticator: known })],
  held: () => 0,
  context: { credential: bearer("right") },
}));
