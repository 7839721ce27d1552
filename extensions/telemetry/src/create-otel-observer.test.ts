import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { createOpenAiChat } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import type { TranscriptTurn } from "@tau/agent/scripted";
import { createCallContext, TauError, userText } from "@tau/core";
import { Pipeline, telemetryLayer } from "@tau/pipeline";
import { describe, expect, test } from "vitest";

import { createOtelObserver } from "./create-otel-observer.ts";

/** OpenTelemetry's own SDK, with everything that it got at hand. */
function collector() {
  const spans = new InMemorySpanExporter();
  const logs = new InMemoryLogRecordExporter();
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics });
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const meters = new MeterProvider({ readers: [reader] });
  const loggers = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logs })] });
  const parts = {
    tracer: tracers.getTracer("t"),
    meter: meters.getMeter("t"),
    logger: loggers.getLogger("t"),
  };
  return {
    parts,
    spans: () => spans.getFinishedSpans(),
    logs: () => logs.getFinishedLogRecords(),
    async metrics() {
      await meters.forceFlush();
      return metrics
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
    },
  };
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const secret = "the merger with Globex";

/** Makes one call through a pipeline that is observed. */
async function call(observer: ReturnType<typeof createOtelObserver>, turn: TranscriptTurn): Promise<void> {
  await using server = await startScriptedServer({ turns: [turn] });
  const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
  const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", price });
  const pipeline = Pipeline.builder(model).layer(telemetryLayer({ observer })).build();
  const principal = { id: "ada", kind: "person", scopes: [] } as const;
  const context = createCallContext({ tenant: "acme", principal, traceId, sessionId: "s1" });
  await pipeline.complete({ messages: [userText(secret)], tools: [] }, context).catch(() => undefined);
}

describe("createOtelObserver()", () => {
  test("makes a span of a call in its trace, by the names of the semantic conventions, without what was said", async () => {
    await using bench = collector();
    await call(createOtelObserver(bench.parts), {
      text: secret,
      usage: { inputTokens: 100, outputTokens: 20 },
    });

    const [span] = bench.spans();
    expect(span?.name).toBe("chat scripted");
    expect(span?.spanContext().traceId).toBe(traceId);
    expect(span?.parentSpanContext?.spanId).toBe(traceId.slice(16));
    expect(span?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.conversation.id": "s1",
      "tau.cost.micro_usd": 140,
      "tau.tenant": "acme",
    });
    expect(span?.duration[0]).toBeLessThan(100);
    const known = new Set<unknown>(Object.values(conventions));
    const foreign = Object.keys(span?.attributes ?? {}).filter(
      (key) => !key.startsWith("tau.") && !known.has(key),
    );
    expect(foreign).toEqual([]);
    expect(JSON.stringify([span?.attributes, span?.events])).not.toContain(secret);
  });

  test("marks the span of a call that failed with the code", async () => {
    await using bench = collector();
    await call(createOtelObserver(bench.parts), { failure: { kind: "status", status: 401 } });

    expect(bench.spans()[0]?.status).toEqual({ code: SpanStatusCode.ERROR, message: "model.auth" });
  });

  test("measures time and tokens in the recommended buckets, and no tenant", async () => {
    await using bench = collector();
    const observer = createOtelObserver(bench.parts);
    for (let n = 0; n < 3; n++)
      await call(observer, { text: "Hi.", usage: { inputTokens: 100, outputTokens: 20 } });

    const metrics = await bench.metrics();
    expect(metrics.map(({ descriptor }) => [descriptor.name, descriptor.unit])).toEqual([
      ["gen_ai.client.operation.duration", "s"],
      ["gen_ai.client.operation.time_to_first_chunk", "s"],
      ["gen_ai.client.token.usage", "{token}"],
    ]);
    const usage = metrics.find(({ descriptor }) => descriptor.name === "gen_ai.client.token.usage");
    const points = usage?.dataPoints ?? [];
    expect(points).toHaveLength(2);
    expect(points[0]?.value).toMatchObject({ count: 3, sum: 300 });
    expect(JSON.stringify(metrics)).not.toContain("acme");
  });

  test("writes anything else as a log; messages of unexpected errors only when asked", async () => {
    await using bench = collector();
    const errors = [
      new TauError("store.corrupt", "The file is damaged."),
      new TypeError(`no ${secret}`),
      "text",
    ];
    for (const errorMessages of [false, true]) {
      const observer = createOtelObserver({ ...bench.parts, errorMessages });
      for (const error of errors) {
        observer({ name: "run.failed", level: 17, traceId, tenant: "acme", attributes: { step: 2 }, error });
      }
    }

    const logs = bench.logs().map(({ eventName, severityNumber, attributes, spanContext }) => ({
      eventName,
      severityNumber,
      type: attributes["error.type"],
      message: attributes["exception.message"],
      traceId: spanContext?.traceId,
    }));
    const common = { eventName: "run.failed", severityNumber: 17, traceId };
    const safe = { ...common, type: "store.corrupt", message: "The file is damaged." };
    const other = { ...common, type: "_OTHER", message: undefined };
    expect(logs).toEqual([
      safe,
      { ...common, type: "TypeError", message: undefined },
      other,
      safe,
      { ...common, type: "TypeError", message: `no ${secret}` },
      other,
    ]);
  });

  test("takes every JSON that an attribute may be, and a trace id that is none", async () => {
    await using bench = collector();
    const attributes = { a: null, b: [1, 2], c: { d: true }, e: "x".repeat(5_000), f: ["y"] };
    createOtelObserver(bench.parts)({
      name: "x",
      level: 9,
      traceId: "0".repeat(32),
      attributes,
      span: { startedAt: 1, durationMs: 2 },
    });

    expect(bench.spans()[0]?.attributes).toEqual({
      b: "[1,2]",
      c: '{"d":true}',
      e: "x".repeat(1_000),
      f: ["y"],
    });
    expect(bench.spans()[0]?.parentSpanContext).toBeUndefined();
  });

  test("gives nothing to a part that is not there", () => {
    const observer = createOtelObserver({});
    const plain = { name: "x", level: 9, attributes: {} } as const;

    expect(() => {
      observer(plain);
      observer({ ...plain, span: { startedAt: 1, durationMs: 2 } });
      observer({ ...plain, metric: { value: 1, unit: "s" } });
    }).not.toThrow();
  });

  test("reaches a collector over OTLP", async () => {
    const received: string[] = [];
    const server = createServer((request, response) => {
      text(request).then(
        (body) => {
          received.push(`${request.url} ${body}`);
          response.writeHead(200, { "content-type": "application/json" }).end("{}");
        },
        () => response.destroy(),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` });
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    await call(createOtelObserver({ tracer: provider.getTracer("tau") }), { text: "Hi." });
    await provider.shutdown();
    server.close();
    server.closeAllConnections();

    expect(received[0]).toContain("/v1/traces");
    expect(received[0]).toContain("chat scripted");
    expect(received[0]).toContain(traceId);
  });
});

test("lets nobody who chooses a name put secrets, controls, another's tenant or a book into telemetry", async () => {
  await using collected = collector();
  const observe = createOtelObserver({ ...collected.parts, errorMessages: true });
  const key = `sk-ant-api03-${"Ab1".repeat(31)}AA`;
  const evil = `${key}\u001b]0;own\u0007\u202e\nlevel=error ${"x".repeat(1_000_000)}`;
  const attributes = {
    "gen_ai.response.model": evil,
    list: Array.from({ length: 100_000 }, () => evil),
    object: { deep: [evil, 1] },
    // Cut in the middle of a pair.
    emoji: `${"x".repeat(999)}\u{1f600}`,
    "tau.tenant": "globex",
  };
  const error = new Error(evil);

  observe({
    name: `chat ${evil}`,
    level: 13,
    attributes,
    tenant: "acme",
    span: { startedAt: 1, durationMs: 1 },
  });
  observe({ name: "tau.test", level: 9, attributes, tenant: "acme", metric: { value: 1, unit: "s" } });
  observe({ name: "tau.log", level: 13, attributes, tenant: "acme", error });
  observe({ name: "tau.log", level: 13, attributes, error });

  const [span] = collected.spans();
  const [known, unknown] = collected.logs();
  const [metric] = await collected.metrics();
  const all = [
    span?.name,
    span?.attributes,
    known?.attributes,
    unknown?.attributes,
    metric?.dataPoints[0]?.attributes,
  ];
  const written = JSON.stringify(all);
  expect(written.includes(key.slice(0, 30))).toBe(false);
  expect(span?.name).toContain("⟨U+001B⟩]0;own⟨U+0007 and 1 more⟩ level=error");
  expect(/[\p{Cc}\p{Cf}\p{Cs}]|\\ud83d|globex/u.test(written)).toBe(false);
  expect(written.length).toBeLessThan(600_000);
  expect([span, known, unknown].map((one) => one?.attributes["tau.tenant"])).toEqual([
    "acme",
    "acme",
    undefined,
  ]);
  expect(metric?.dataPoints[0]?.attributes).not.toHaveProperty("tau.tenant");
});

test("leaves the joiners of Persian and of emoji in texts, but not where they hide something, nor in labels", async () => {
  await using collected = collector();
  const observe = createOtelObserver(collected.parts);
  const plain = "می\u200cروم \u{1f468}\u200d\u{1f469} \u2764\ufe0f\u200d\u{1f525}";
  const attributes = { plain, hidden: "a\u200db \u200c\u200d\u200cc" };
  observe({ name: "tau.test", level: 9, attributes, span: { startedAt: 1, durationMs: 1 } });
  observe({
    name: "tau.test",
    level: 9,
    attributes: { plain: "می\u200cروم" },
    metric: { value: 1, unit: "s" },
  });

  expect(collected.spans()[0]?.attributes).toEqual({
    plain,
    hidden: "a⟨U+200D⟩b ⟨U+200C and 2 more⟩c",
  });
  const [metric] = await collected.metrics();
  expect(metric?.dataPoints[0]?.attributes).toEqual({ plain: "می⟨U+200C⟩روم" });
});
