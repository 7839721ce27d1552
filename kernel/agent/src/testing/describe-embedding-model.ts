import { describe, expect, test } from "vitest";

import type { EmbeddingModel } from "../embeddings/embedding-model.ts";
import { testContext } from "./test-context.ts";

/** An embedding model under test; disposed of after each test. */
export interface EmbeddingFixture extends AsyncDisposable {
  /** Takes at most 10 inputs a request, so that a test sees several. */
  readonly model: EmbeddingModel;
  /** Requests that are still open at the other side. */
  readonly openRequests: () => Promise<number>;
}

/**
 * What the other side must do in a test.
 *
 * - `answer`: give each input of the form `N`, a number in words of digits, the vector `[N, N / 2]`, and answer
 *   later requests earlier than the first one.
 * - `short`: leave out the last vector of the last request.
 * - `stall`: take the request and never answer.
 * - `refuse`: refuse the API key.
 */
export type EmbeddingScenario = "answer" | "short" | "stall" | "refuse";

/**
 * Checks the contract of {@link EmbeddingModel}; every adapter runs it in its own tests.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describeEmbeddingModel(
  name: string,
  create: (scenario: EmbeddingScenario) => Promise<EmbeddingFixture>,
): void {
  const inputs = Array.from({ length: 47 }, (_, index) => String(index));

  describe(`${name} keeps the contract of EmbeddingModel`, () => {
    test("answers with one vector for each input, in order, over several requests", async () => {
      await using fixture = await create("answer");

      const { embeddings, usage } = await fixture.model.embed({ inputs }, testContext());

      expect(embeddings.map((vector) => Array.from(vector))).toEqual(
        inputs.map((input) => [Number(input), Number(input) / 2]),
      );
      expect(Number.isInteger(usage.inputTokens) && usage.outputTokens === 0).toBe(true);
    });

    test("asks nobody when there is nothing to ask", async () => {
      await using fixture = await create("stall");

      const { embeddings } = await fixture.model.embed({ inputs: [] }, testContext());

      expect(embeddings).toEqual([]);
    });

    test("throws instead of an answer with a vector too few", async () => {
      await using fixture = await create("short");

      await expect(fixture.model.embed({ inputs }, testContext())).rejects.toMatchObject({
        code: "model.parse",
        message: expect.stringContaining("6 embeddings to 7 inputs"),
      });
      await expect.poll(fixture.openRequests, soon).toBe(0);
    });

    test("throws instead of vectors of another length than was asked for", async () => {
      await using fixture = await create("answer");

      await expect(fixture.model.embed({ inputs, dimensions: 3 }, testContext())).rejects.toMatchObject({
        code: "model.parse",
        message: expect.stringContaining("2 numbers where 3 were expected"),
      });
    });

    test("throws a TauError of class auth when the key is refused", async () => {
      await using fixture = await create("refuse");

      await expect(fixture.model.embed({ inputs }, testContext())).rejects.toMatchObject({
        code: "model.auth",
        class: "auth",
      });
    });

    test("throws the signal's reason when it is aborted, and lets go of every request", async () => {
      await using fixture = await create("stall");
      const controller = new AbortController();
      const reason = new Error("enough");
      const thrown = fixture.model
        .embed({ inputs }, testContext(controller.signal))
        .catch((error: unknown) => error);
      await expect.poll(fixture.openRequests, soon).toBe(4);

      controller.abort(reason);

      expect(await thrown).toBe(reason);
      await expect.poll(fixture.openRequests, soon).toBe(0);
    });
  });
}

/** Closing a socket takes the other side a moment to notice. */
const soon = { timeout: 5000, interval: 5 };
