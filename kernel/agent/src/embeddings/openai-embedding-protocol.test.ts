import { describe, expect, test } from "vitest";

import { createOpenAiEmbeddingProtocol } from "./openai-embedding-protocol.ts";

const protocol = createOpenAiEmbeddingProtocol("m", {
  maxInputs: 10,
  encoding: "none",
  keyHeader: "authorization",
});

/** An answer whose vectors are numbered so. */
function numbered(...indexes: readonly (number | undefined)[]) {
  const data = indexes.map((index, place) => ({
    embedding: [index ?? place],
    ...(index === undefined ? {} : { index }),
  }));
  return protocol.fromBody({ data })?.embeddings.map(([first]) => first);
}

describe("createOpenAiEmbeddingProtocol()", () => {
  test("puts vectors in the order of their numbers, or takes them as they come without any", () => {
    expect(numbered(2, 0, 1)).toEqual([0, 1, 2]);
    expect(numbered(undefined, undefined)).toEqual([0, 1]);
    expect(numbered(undefined, 2, 1)).toEqual([0, 1, 2]);
    expect(numbered(0, 0)).toEqual([0, 0]);
  });

  test.each([
    [3.6, 4],
    [-1, 0],
    ["7", 0],
  ])("counts whole tokens, whatever a server says: %s", (told, inputTokens) => {
    const answer = protocol.fromBody({ data: [{ embedding: [1] }], usage: { prompt_tokens: told } });

    expect(answer?.usage).toMatchObject({ inputTokens });
  });

  test.each([
    [1, 1],
    [1, 2],
    [0, 2],
  ])("takes no answer whose vectors cannot be told apart: %i, %i", (...indexes) => {
    expect(numbered(...indexes)).toBeUndefined();
  });
});
