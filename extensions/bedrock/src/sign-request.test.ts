import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { inspect } from "node:util";

import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import type { BedrockConverseOptions } from "./bedrock-converse.ts";
import type { AwsCredentials } from "./credentials.ts";
import { readAll, startLoopback } from "@tau/agent/testing";

const credentials: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE1234567890",
  secretAccessKey: "very/secret+key",
  sessionToken: "session-token-of-a-role",
};
const region = "eu-west-3";
const models = [
  "anthropic.claude-sonnet-4-5-20250929-v1:0",
  "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/a1b2 c3",
];

interface Seen {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A server that answers like Bedrock and keeps what it was asked. */
async function startBedrock(seen: Seen[]): ReturnType<typeof startLoopback> {
  return await startLoopback(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    seen.push({ request, body });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      '{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","usage":{}}',
    );
  });
}

/** Signs a request anew, as the documentation of AWS describes it, and tells whether it says the same. */
function isSigned({ request, body }: Seen, { secretAccessKey }: AwsCredentials): boolean {
  const { authorization = "" } = request.headers;
  const [, scope = "", names = "", signature] =
    /Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\w+)/.exec(authorization) ?? [];
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  const path = (request.url ?? "").split("/").map(encodeURIComponent).join("/");
  const headers = names.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = ["POST", path, "", headers.join(""), names, sha256(body)].join("\n");
  const date = String(request.headers["x-amz-date"]);
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer | string>(
      (secret, part) => createHmac("sha256", secret).update(part).digest(),
      `AWS4${secretAccessKey}`,
    );
  return createHmac("sha256", key).update(toSign).digest("hex") === signature;
}

async function ask(options: Partial<BedrockConverseOptions>): Promise<Seen> {
  const seen: Seen[] = [];
  await using server = await startBedrock(seen);
  await readAll(
    createBedrockConverse({ baseUrl: server.url, model: "any", region, environment: {}, ...options }),
  );
  const [only] = seen;
  if (only === undefined) throw new Error("Nobody asked.");
  return only;
}

describe("signing of requests", () => {
  test.each(models)("proves the same as the vendor's library does, for %s", async (modelId) => {
    const seen: Seen[] = [];
    await using server = await startBedrock(seen);
    const client = new BedrockRuntimeClient({
      endpoint: server.url,
      region,
      credentials,
      requestHandler: new NodeHttpHandler(),
    });
    await client.send(new ConverseCommand({ modelId, messages: [] }));
    client.destroy();
    seen.push(await ask({ model: modelId, credentials }));

    expect(seen.map((one) => isSigned(one, credentials))).toEqual([true, true]);
    expect(seen.map((one) => isSigned(one, { ...credentials, secretAccessKey: "other" }))).toEqual([
      false,
      false,
    ]);
    for (const { request } of seen) {
      expect(request.headers.authorization).toContain(`/${region}/bedrock/aws4_request`);
      expect(request.headers["x-amz-security-token"]).toBe(credentials.sessionToken);
    }
    expect(seen[1]?.request.url?.replace("-stream", "")).toBe(seen[0]?.request.url);
  });

  test("covers the address and the type of a whole answer, which is the library's own", async () => {
    const [modelId] = models;
    const seen: Seen[] = [];
    await using server = await startBedrock(seen);
    const requestHandler = new NodeHttpHandler();
    const client = new BedrockRuntimeClient({ endpoint: server.url, region, credentials, requestHandler });
    await client.send(new ConverseCommand({ modelId, messages: [] }));
    client.destroy();
    const model = createBedrockConverse({ baseUrl: server.url, model: modelId ?? "", region, credentials });

    const { finished } = await readAll(model, { messages: [], tools: [], delivery: "whole" });

    expect(finished.message.parts).toEqual([{ type: "text", text: "Hi" }]);
    expect(seen.map((one) => isSigned(one, credentials))).toEqual([true, true]);
    expect(seen[1]?.request.url).toBe(seen[0]?.request.url);
    expect(seen[1]?.request.headers.accept).toBe("application/json");
  });

  test("asks for credentials at every call", async () => {
    let asked = 0;
    const seen: Seen[] = [];
    await using server = await startBedrock(seen);
    const source = async (): Promise<AwsCredentials> => ({
      ...credentials,
      secretAccessKey: `key-${++asked}`,
    });
    const model = createBedrockConverse({ baseUrl: server.url, model: "any", region, credentials: source });

    await readAll(model);
    await readAll(model);

    const verified = seen.map((one, index) =>
      isSigned(one, { ...credentials, secretAccessKey: `key-${index + 1}` }),
    );
    expect(verified).toEqual([true, true]);
  });

  test("finds key, credentials and region in the environment", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "AKIDENV", AWS_SECRET_ACCESS_KEY: "env-secret" };
    const environment = { ...keys, AWS_BEARER_TOKEN_BEDROCK: "bearer" };

    expect(
      isSigned(await ask({ environment: keys }), { accessKeyId: "", secretAccessKey: "env-secret" }),
    ).toBe(true);
    expect((await ask({ environment })).request.headers.authorization).toBe("Bearer bearer");
    expect((await ask({ environment, apiKey: "given" })).request.headers.authorization).toBe("Bearer given");
    expect(isSigned(await ask({ environment, credentials }), credentials)).toBe(true);
  });

  test("fails as a refused key does when there is nothing to sign with", async () => {
    const broken = async (): Promise<AwsCredentials> => {
      throw new Error("The role is gone.");
    };

    await expect(ask({})).rejects.toMatchObject({
      code: "model.auth",
      message: expect.stringMatching("AWS_ACCESS_KEY_ID"),
    });
    await expect(ask({ credentials: broken })).rejects.toMatchObject({
      code: "model.auth",
      cause: expect.objectContaining({ message: "The role is gone." }),
    });
  });

  test("never shows credentials in an error, though the provider repeats them", async () => {
    await using server = await startLoopback((request, response) => {
      const { authorization, "x-amz-security-token": token } = request.headers;
      response.writeHead(403, { "x-amzn-errortype": "InvalidSignatureException" });
      response.end(JSON.stringify({ message: `The canonical string is ${authorization} ${String(token)}` }));
    });
    const model = createBedrockConverse({ baseUrl: server.url, model: "any", region, credentials });

    const failed: unknown = await readAll(model).catch((error: unknown) => error);

    expect(failed).toMatchObject({
      code: "model.auth",
      details: { providerCode: "InvalidSignatureException" },
    });
    const shown = inspect(failed, { depth: 9 });
    for (const secret of Object.values(credentials)) expect(shown).not.toContain(secret);
    expect(shown).not.toMatch(/Signature=[0-9a-f]/);
  });
});

describe("the region", () => {
  const addressOf = async (options: Partial<BedrockConverseOptions>): Promise<string> => {
    let address = "";
    const transport = {
      post: async ({ url }: { readonly url: URL }): Promise<never> => {
        address = url.href;
        throw new Error("No network here.");
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
    const model = createBedrockConverse({
      model: "a.b:0",
      environment: {},
      apiKey: "k",
      transport,
      ...options,
    });
    await readAll(model).catch(() => undefined);
    return address;
  };

  test("is a part of the address, from options, the model's ARN or the environment", async () => {
    const path = "/model/a.b%3A0/converse-stream";
    const environment = { AWS_DEFAULT_REGION: "us-west-2" };

    expect(await addressOf({ region })).toBe(`https://bedrock-runtime.${region}.amazonaws.com${path}`);
    expect(await addressOf({ region: "cn-north-1" })).toBe(
      `https://bedrock-runtime.cn-north-1.amazonaws.com.cn${path}`,
    );
    expect(await addressOf({ environment })).toContain("//bedrock-runtime.us-west-2.");
    expect(await addressOf({ environment: { ...environment, AWS_REGION: "us-east-2" } })).toContain(
      ".us-east-2.",
    );
    expect(
      await addressOf({ environment, model: "arn:aws:bedrock:eu-south-1::foundation-model/x.y" }),
    ).toContain(".eu-south-1.");
  });

  test.each(["", "evil.example#", "US-EAST-1"])("is refused when it is %j", (bad) => {
    expect(() => createBedrockConverse({ model: "any", region: bad, environment: {} })).toThrow(
      expect.objectContaining({ code: "model.invalid_request" }),
    );
  });
});
