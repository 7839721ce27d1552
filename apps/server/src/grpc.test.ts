import { fileURLToPath } from "node:url";

import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fromBinary } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { ErrorDetailSchema } from "@tau/proto";
import { expect, it } from "vitest";

import { openHarness, waitForEnd } from "./server-harness.test.support.ts";

const protoFolder = fileURLToPath(new URL("../../../proto", import.meta.url));
const definition = loadSync("tau/runtime/v1/runtime.proto", {
  includeDirs: [protoFolder],
  keepCase: true,
  longs: Number,
  enums: String,
  oneofs: true,
});

type Message = Readonly<Record<string, unknown>>;

interface Method {
  readonly path: string;
  readonly requestSerialize: (message: Message) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Message;
}

function methodOf(name: string): Method {
  const service = definition["tau.runtime.v1.RuntimeService"];
  // proto-loader types a service as a map of whatever the file holds.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the call with it proves the shape
  return (service as never as Readonly<Record<string, Method>>)[name] as Method;
}

function connect(url: string): Client & Disposable {
  const client = new Client(url.slice("http://".length), credentials.createInsecure());
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

function call(client: Client, name: string, request: Message): Promise<Message> {
  const { path, requestSerialize, responseDeserialize } = methodOf(name);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Message, Message>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
    );
  });
}

function run(client: Client, request: Message, options: { deadline?: number } = {}) {
  const { path, requestSerialize, responseDeserialize } = methodOf("Run");
  return client.makeServerStreamRequest<Message, Message>(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    new Metadata(),
    options,
  );
}

it("serves grpc-js: a session, a run, its events", async () => {
  await using harness = await openHarness();
  using client = connect(harness.server.url);
  expect(await call(client, "CreateSession", { external_id: "s1" })).toMatchObject({ session_id: "s1" });
  const events: Message[] = await run(client, { session_id: "s1", prompt: "Hello" }).toArray();
  expect(events.map(({ event }) => event)).toEqual(["status", "token", "step_finished", "status"]);
  expect(events[1]).toMatchObject({ token: { text: "You said: Hello" } });
  expect(events.at(-1)).toMatchObject({ status: { status: "SESSION_STATUS_COMPLETED" } });
});

it("tells grpc-js the stable code of a failure, the fields and the fix", async () => {
  await using harness = await openHarness();
  using client = connect(harness.server.url);
  const error: unknown = await call(client, "GetSession", { session_id: "no such" }).catch(
    (failed: unknown) => failed,
  );
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, metadata: expect.any(Metadata) });
  const metadata = error instanceof Error && "metadata" in error ? error.metadata : undefined;
  const [bytes] = metadata instanceof Metadata ? metadata.get("grpc-status-details-bin") : [];
  // google.rpc.Status: its third field holds the details. Read without a schema: tag 26, length, Any.
  const encoded = Buffer.from(bytes ?? "");
  const start = encoded.indexOf("type.googleapis.com/tau.runtime.v1.ErrorDetail") - 2;
  const detail = anyUnpack(fromBinary(AnySchema, encoded.subarray(start)), ErrorDetailSchema);
  expect(detail).toMatchObject({
    code: "request.invalid",
    violations: [{ field: "session_id", reason: expect.stringContaining("use 1 to 128 characters") }],
  });
});

it("cancels the run, and its tool process, when grpc-js cancels", async () => {
  await using harness = await openHarness();
  using client = connect(harness.server.url);
  await call(client, "CreateSession", { external_id: "s1" });
  const stream = run(client, { session_id: "s1", prompt: "sleep" });
  const ended = stream.toArray().catch((error: unknown) => error);
  const tool = await harness.nextToolProcess();
  stream.cancel();
  expect(await ended).toMatchObject({ code: status.CANCELLED });
  expect(await tool.ended).toBe("SIGKILL");
  expect(await waitForEnd(harness.journal, "s1")).toContain('"cancelled"');
});

it("cancels the run at the deadline of grpc-js", async () => {
  await using harness = await openHarness();
  using client = connect(harness.server.url);
  await call(client, "CreateSession", { external_id: "s1" });
  const stream = run(client, { session_id: "s1", prompt: "sleep" }, { deadline: Date.now() + 1_500 });
  const ended = stream.toArray().catch((error: unknown) => error);
  const tool = await harness.nextToolProcess();
  expect(await ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(await tool.ended).toBe("SIGKILL");
  expect(await waitForEnd(harness.journal, "s1")).toMatch(/"deadline"|"cancelled"/);
});
