import type { Model, ModelRequest } from "@tau/agent";
import { createCallContext, userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import type { Pipeline } from "../pipeline.ts";
import { answer, cutCall, cutPoints, gaveUp, modelFor, nameOf } from "./cut-points.ts";
import type { CutModel, CutOutcome, CutPoint } from "./cut-points.ts";

/** Layers under test, and how to look at what they hold; disposed of after each test. */
export interface LayerFixture extends Partial<AsyncDisposable> {
  /** One layer, or several from the outside in; they may need the model that stands inside. */
  readonly layers: readonly Layer[] | ((model: Model) => readonly Layer[]);
  /** How many reservations, places, probes or timers are held right now. */
  readonly held: () => number | Promise<number>;
  /** Whose call they let pass. Default: a person of tenant `contract` without scopes. */
  readonly context?: Partial<CallContext>;
  readonly request?: Partial<ModelRequest>;
}

/**
 * Checks the contract of {@link Layer}, alone or in a chain, at every point where a call can be cut: left by its
 * reader, aborted between batches and while it waits, failed by the model, never pulled. After each nothing is
 * held and the model's stream is closed, and calls beside the cut one end as if nothing had happened.
 *
 * The layers must let an uncut call pass, and repeat a failed one at most a few times and without real waits.
 * Needs vitest, which is not a dependency of this package.
 */
export function describeLayer(name: string, create: () => LayerFixture | Promise<LayerFixture>): void {
  describe(`${name} keeps the contract of Layer`, () => {
    test.each(cutPoints.map((cut) => [nameOf(cut), cut] as const))(
      "holds nothing after a call: %s",
      async (_name, cut) => {
        await using bench = await openBench(create, cut);
        const outcome = await bench.cut(cut);

        expect(problemsOf(outcome, cut)).toEqual([]);
        await expect.poll(bench.held, soon).toBe(0);
      },
    );

    test.each(cutPoints.filter(isReaders).map((cut) => [nameOf(cut), cut] as const))(
      "lets calls beside it end well: %s",
      async (_name, cut) => {
        await using bench = await openBench(create, { kind: "none" });
        const whole: CutPoint = { kind: "none" };
        const outcomes = await Promise.all([bench.cut(cut), bench.cut(whole), bench.cut(whole)]);

        expect(outcomes.slice(1).flatMap((outcome) => problemsOf(outcome, whole))).toEqual([]);
        await expect.poll(bench.held, soon).toBe(0);
      },
    );

    test("works again after every cut", async () => {
      for (const cut of cutPoints) {
        await using bench = await openBench(create, { kind: "none" });
        if (isReaders(cut)) await bench.cut(cut);

        expect(problemsOf(await bench.cut({ kind: "none" }), { kind: "none" })).toEqual([]);
      }
    });
  });
}

/** Cuts that the reader makes, with no need of the model. */
function isReaders(cut: CutPoint): boolean {
  return cut.kind === "left" || cut.kind === "aborted" || cut.kind === "never_pulled";
}

interface Bench extends AsyncDisposable {
  cut(cut: CutPoint): Promise<CutOutcome>;
  /** What the layers hold, and the streams that the model has open. */
  readonly held: () => Promise<number>;
}

async function openBench(
  create: () => LayerFixture | Promise<LayerFixture>,
  modelCut: CutPoint,
): Promise<Bench> {
  const fixture = await create();
  const model: CutModel = modelFor(modelCut);
  const pipeline: Pipeline = withLayers(
    model,
    ...(typeof fixture.layers === "function" ? fixture.layers(model) : fixture.layers),
  );
  const context = createCallContext({
    tenant: "contract",
    principal: { id: "contract", kind: "person", scopes: [] },
    ...fixture.context,
  });
  const request: ModelRequest = { messages: [userText("Count to three.")], tools: [], ...fixture.request };
  return {
    cut: (cut) => cutCall(pipeline, cut, { request, context, model }),
    held: async () => (await fixture.held()) + model.open(),
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]?.();
    },
  };
}

/** Some things are given back a moment after the stream ended. */
const soon = { timeout: 5000, interval: 1 };

/** What a cut call did that it must not. */
function problemsOf({ batches, thrown }: CutOutcome, cut: CutPoint): readonly string[] {
  const wanted = wantedThrow(cut);
  const isWhole = saidBy(batches) === saidBy(answer);
  return [
    ...(thrown === wanted ? [] : [`threw ${String(thrown)} instead of ${String(wanted)}`]),
    ...(cut.kind === "none" && !isWhole ? [`answered ${JSON.stringify(batches)}`] : []),
  ];
}

/** What was said and how it ended; a layer may cut the text into other pieces. */
function saidBy(batches: CutOutcome["batches"]): string {
  let text = "";
  const others: unknown[] = [];
  for (const event of batches.flat()) {
    if (event.type === "text_delta") text += event.text;
    else others.push(event);
  }
  return JSON.stringify([text, others]);
}

function wantedThrow(cut: CutPoint): unknown {
  if (cut.kind === "model_failed") return cut.error;
  if (cut.kind === "aborted_waiting") return gaveUp;
  // Whoever gives up after the last word has the whole answer.
  return cut.kind === "aborted" && cut.after < answer.length ? gaveUp : undefined;
}
