import { untrusted } from "@tau/core";
import { describe, expect, test } from "vitest";

import { hideUnseen } from "./hide-unseen.ts";
import { createMemoryArtifactStore } from "./memory-artifact-store.ts";

const source = { kind: "base64", data: Buffer.from("pixels").toString("base64") } as const;
const label = untrusted("mcp:camera");
const picture = { type: "image", mediaType: "image/png", source, label } as const;
const document = { type: "file", mediaType: "application/pdf", source } as const;
const text = { type: "text", text: "A door." } as const;

describe("hideUnseen()", () => {
  test("changes nothing as long as nobody knows better", async () => {
    const artifacts = createMemoryArtifactStore();
    const content = [text, picture, document];
    for (const takes of [undefined, { image: "yes", file: "unknown" } as const]) {
      const context = { artifacts, ...(takes === undefined ? {} : { takes }) };

      const seen = await hideUnseen("look", content, context);

      expect(seen).toEqual({ content, artifacts: [], nothingLeft: false });
    }
  });

  test("keeps what the model cannot take as artifacts with their labels, and says so", async () => {
    const artifacts = createMemoryArtifactStore();
    const takes = { image: "no", file: "no" } as const;

    const seen = await hideUnseen("look", [text, picture, document], { artifacts, takes });

    const [first, second] = seen.artifacts;
    expect(seen.nothingLeft).toBe(false);
    expect(seen.content).toEqual([
      text,
      {
        type: "text",
        text: expect.stringContaining(`takes no pictures. It is saved as ${first?.id}.`),
        label,
      },
      {
        type: "text",
        text: expect.stringContaining(`takes no documents. It is saved as ${second?.id}.`),
      },
    ]);
    expect(Buffer.from(await artifacts.read(first?.id ?? "")).toString()).toBe("pixels");
  });

  test("says when nothing is left, and leaves text files alone", async () => {
    const artifacts = createMemoryArtifactStore();
    const takes = { image: "no", file: "no" } as const;
    const away = { ...picture, source: { kind: "url", url: "https://example.org/a.png" } } as const;
    const note = { ...document, mediaType: "text/plain" };

    expect(await hideUnseen("look", [away], { artifacts, takes })).toMatchObject({
      artifacts: [],
      nothingLeft: true,
    });
    expect(await hideUnseen("look", [note], { artifacts, takes })).toMatchObject({ content: [note] });
  });
});
