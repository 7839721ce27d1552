import { untrusted, userLabel, workspaceLabel } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createMemoryHistory } from "../history/memory-history.ts";
import { signal } from "../memory.test.support.ts";
import { withoutSecrets } from "../secrets.ts";
import { createTransientStore } from "../store/transient-store.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { createNoteBook } from "./note-book.ts";
import type { NoteBook, NoteDraft } from "./note-book.ts";
import type { Note } from "./note.ts";

const ada = { by: "ada" };

interface Made {
  readonly store: MemoryStore;
  readonly notes: NoteBook;
  at(time: number): void;
  add(draft: Partial<NoteDraft> & { readonly summary: string }): Promise<Note>;
}

function create(): Made {
  let time = 1_000;
  const now = (): number => time;
  const store = withoutSecrets(createTransientStore({ now }));
  const notes = createNoteBook({ store, history: createMemoryHistory({ store, now }), now });
  return {
    store,
    notes,
    at: (next) => (time = next),
    async add(draft) {
      const note = notes.draft({ label: workspaceLabel, ...draft }, ada);
      await notes.add(note, ada, signal);
      return note;
    },
  };
}

describe("createNoteBook()", () => {
  test("keeps one fact a file, under a name that people recognize", async () => {
    const { store, notes, add } = create();

    const note = await add({
      summary: "  Größe:\n use\tSI units ",
      body: "Always.",
      label: userLabel,
      events: ["s1/r.1.0"],
    });

    expect(note.id).toMatch(/^gro-e-use-si-units-[0-9a-f]{8}$/u);
    expect(await notes.get(note.id, signal)).toEqual(note);
    expect((await store.load(`memory/notes/${note.id}.md`, signal)).text).toBe(
      `---\nid: ${note.id}\ntype: fact\nsummary: "Größe: use SI units"\nby: ada\nevents: ["s1/r.1.0"]\nintegrity: user\nconfidentiality: public\norigins: [user]\ncreated: "1970-01-01T00:00:01.000Z"\nvalid_from: "1970-01-01T00:00:01.000Z"\nuses: 0\n---\n\nAlways.\n`,
    );
  });

  test("replaces without overwriting, and answers what was believed when", async () => {
    const { notes, add, at } = create();
    const old = await add({ summary: "The port is 80" });
    at(2_000);
    const next = await add({ summary: "The port is 81", supersedes: old.id, validFrom: 1_500 });

    const summaries = async (asOf?: { validAt?: number; knownAt?: number }): Promise<readonly string[]> =>
      (await notes.current(signal, asOf)).map(({ summary }) => summary);
    expect(await summaries()).toEqual(["The port is 81"]);
    expect(await summaries({ validAt: 1_200 })).toEqual(["The port is 80"]);
    expect(await summaries({ knownAt: 1_999, validAt: 1_800 })).toEqual(["The port is 80"]);
    expect((await notes.list(signal)).notes).toHaveLength(2);

    at(3_000);
    expect(await notes.retract(next.id, "It was a typo.", ada, signal)).toEqual([next.id]);
    expect(await summaries()).toEqual(["The port is 80"]);
    expect((await notes.get(next.id, signal)).retracted).toEqual({ at: 3_000, because: "It was a typo." });
  });

  test("retracts what stands on a source, and what was derived from that", async () => {
    const { notes, add } = create();
    const page = await add({
      summary: "From the page",
      label: { ...workspaceLabel, origins: ["web:evil.example"] },
    });
    const derived = await add({
      summary: "Derived",
      label: { ...workspaceLabel, origins: [`memory:${page.id}`] },
    });
    const again = await add({
      summary: "Derived again",
      label: { ...workspaceLabel, origins: [`memory:${derived.id}`] },
    });
    const other = await add({ summary: "Seen", events: ["s1/e1"] });
    const kept = await add({ summary: "Kept" });

    const retracted = await notes.retractSource({ origin: "web:evil.example" }, "It lies.", ada, signal);
    expect(retracted).toEqual([page.id, derived.id, again.id]);
    expect(await notes.retractSource({ event: "s1/e1" }, "Undone.", ada, signal)).toEqual([other.id]);

    expect((await notes.current(signal)).map(({ id }) => id)).toEqual([kept.id]);
    expect((await notes.get(again.id, signal)).retracted?.because).toBe(
      `It was derived from ${derived.id}, which was retracted.`,
    );
  });

  test("counts uses also when many come together, and leaves out what is gone", async () => {
    const { notes, add, at } = create();
    const note = await add({ summary: "Counted" });
    at(5_000);

    await Promise.all(
      Array.from({ length: 5 }, async () => await notes.used([note.id, note.id, "gone"], signal)),
    );

    expect(await notes.get(note.id, signal)).toMatchObject({ uses: 5, lastUsedAt: 5_000 });
  });

  test("counts no use as a version, and notices what somebody else wrote", async () => {
    const { store, notes, add } = create();
    const { id } = await add({ summary: "Counted" });
    const path = `memory/notes/${id}.md`;
    const history = createMemoryHistory({ store });
    const actions = async (): Promise<readonly string[]> =>
      (await history.versions(path, signal)).map(({ action }) => action);

    await notes.used([id], signal);
    await notes.used([id], signal);
    await notes.retract(id, "No.", ada, signal);
    expect(await actions()).toEqual(["created", "changed"]);
    const { text } = await store.load(path, signal);
    await store.save(path, `${text}More.\n`, {}, signal);
    await history.as(ada).save(path, text, {}, signal);
    expect(await actions()).toEqual(["created", "changed", "found", "changed"]);
  });

  test("keeps no secrets, nothing over another note, and nothing that replaces nothing", async () => {
    const { notes, add } = create();
    await add({ summary: "One", id: "one" });

    const key = `sk-ant-${"a1".repeat(20)}`;
    await expect(add({ summary: "Key", body: `It is\n${key}` })).rejects.toMatchObject({
      code: "memory.secret",
      message: expect.not.stringContaining(key),
    });
    await expect(add({ summary: "Other", id: "one" })).rejects.toMatchObject({ code: "memory.exists" });
    await expect(add({ summary: "Next", supersedes: "none" })).rejects.toMatchObject({
      code: "memory.not_found",
    });
    for (const wrong of [
      { summary: " " },
      { summary: "x".repeat(201) },
      { summary: "x", body: "x".repeat(20_001) },
    ])
      expect(() => notes.draft({ label: untrusted("web:a"), ...wrong }, ada)).toThrow(
        expect.objectContaining({ code: "memory.invalid_note" }),
      );
    expect((await notes.list(signal)).notes.map(({ id }) => id)).toEqual(["one"]);
  });

  test("lists what cannot be read apart, with the reason", async () => {
    const { store, notes, add } = create();
    await add({ summary: "Good", id: "good" });
    await store.save("memory/notes/bad.md", "no front matter", {}, signal);

    const listing = await notes.list(signal);

    expect(listing.notes.map(({ id }) => id)).toEqual(["good"]);
    expect(listing.unreadable).toEqual([
      { path: "memory/notes/bad.md", reason: expect.stringContaining("is no note") },
    ]);
  });
});
