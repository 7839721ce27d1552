import { createHash } from "node:crypto";

import { isJsonObject, isLabel, joinLabels, parseJson, unreachable, untrusted } from "@tau/core";
import type { Label } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Journal, StreamId } from "./journal.ts";
import { createKeptStreams } from "./kept-streams.ts";

/** A file, or a folder with all that is below it, that untrusted text was written to. */
export interface TaintedPath {
  /** Absolute, as the environment names it. */
  readonly path: string;
  /** SHA-256 of the content that is untrusted; absent: whatever is there. */
  readonly sha256?: string;
  readonly label: Label;
}

/** The files that a taint is about: those of one folder that sessions of a tenant work in. */
export interface TaintPlace {
  readonly tenant: string;
  /** Absolute. */
  readonly workspace: string;
}

/**
 * What untrusted text was written to in the workspaces of every tenant, by whichever session: a stream of the journal for
 * each workspace.
 *
 * - T1. What a call may write is marked before it runs, whatever will be in it; only when it is known what was written,
 *   these files with their content take its place. So a crash in between leaves more marked, never less.
 * - T2. A file whose content is another since is not marked any more: somebody changed it.
 * - T3. A person vouches for what he was shown, and for nothing that is marked later.
 * - T4. No more than `maxPaths` are kept of a workspace; with more, all of it is marked.
 */
export interface FileTaints {
  /** Marks paths until {@link settle} says what was written to them. `id` is unique in the tenant. */
  open(place: TaintPlace, mark: OpenMark, signal: AbortSignal): Promise<void>;
  settle(place: TaintPlace, mark: SettledMark, signal: AbortSignal): Promise<void>;
  list(place: TaintPlace, signal: AbortSignal): Promise<readonly TaintedPath[]>;
  /** What {@link list} answered last. */
  known(place: TaintPlace): readonly TaintedPath[];
  /** A person vouches for what was shown, as it was. */
  vouch(place: TaintPlace, word: Vouched, signal: AbortSignal): Promise<void>;
}

/** What may be written to, and how far to trust it then. */
export interface OpenMark {
  readonly id: string;
  readonly paths: readonly string[];
  readonly label: Label;
}

/** What was written. */
export interface SettledMark {
  readonly id: string;
  readonly files: readonly TaintedPath[];
}

/** A person's word for files. */
export interface Vouched {
  /** The principal's id. */
  readonly by: string;
  readonly files: readonly Pick<TaintedPath, "path" | "sha256">[];
}

/** So many files of a workspace are told apart. */
const maxPaths = 2_000;

type TaintItem =
  | { readonly type: "opened"; readonly mark: OpenMark }
  | { readonly type: "settled"; readonly mark: SettledMark }
  | { readonly type: "vouched"; readonly word: Vouched };

interface PlaceState {
  readonly open: Map<string, OpenMark>;
  readonly files: Map<string, TaintedPath>;
  listed: readonly TaintedPath[] | undefined;
}

/** Makes {@link FileTaints} that keep what they read of the `maxKept` workspaces used last. */
export function createFileTaints(journal: Journal, clock: Clock, maxKept = 200): FileTaints {
  const places = createKeptStreams<TaintPlace, PlaceState, TaintItem>({
    journal,
    clock,
    maxKept,
    keyOf: ({ tenant, workspace }) => `${tenant}/${workspace}`,
    streamOf,
    create: () => ({ open: new Map(), files: new Map(), listed: undefined }),
    decode: decodeItem,
    apply(state, item, { workspace }) {
      applyItem(state, item, workspace);
      state.listed = undefined;
    },
  });

  const known = (place: TaintPlace): readonly TaintedPath[] => {
    const state = places.known(place);
    state.listed ??= [
      ...state.files.values(),
      ...[...state.open.values()].flatMap(({ paths, label }) => paths.map((path) => ({ path, label }))),
    ];
    return state.listed;
  };

  return {
    known,
    open: async (place, mark, signal) => await places.write(place, { type: "opened", mark }, { signal }),
    settle: async (place, mark, signal) => await places.write(place, { type: "settled", mark }, { signal }),
    vouch: async (place, word, signal) => await places.write(place, { type: "vouched", word }, { signal }),
    async list(place, signal) {
      await places.refresh(place, signal);
      return known(place);
    },
  };
}

function applyItem({ open, files }: PlaceState, item: TaintItem, workspace: string): void {
  switch (item.type) {
    case "opened":
      open.set(item.mark.id, item.mark);
      break;
    case "settled":
      open.delete(item.mark.id);
      for (const file of item.mark.files) addFile(files, file);
      break;
    case "vouched":
      for (const { path, sha256 } of item.word.files) {
        if (files.get(path)?.sha256 === sha256) files.delete(path);
        for (const [id, { paths }] of open) if (sha256 === undefined && paths.includes(path)) open.delete(id);
      }
      break;
    default:
      unreachable(item);
  }
  if (files.size <= maxPaths) return;
  const label = joinLabels(...[...files.values()].map((file) => file.label));
  files.clear();
  files.set(workspace, { path: workspace, label });
}

/** The newest content of a file takes the place of an older one, and is trusted no further. */
function addFile(files: Map<string, TaintedPath>, { path, sha256, label }: TaintedPath): void {
  const before = files.get(path);
  const joined = before === undefined ? label : joinLabels(before.label, label);
  // What was marked whatever is in it stays so.
  const isAny = sha256 === undefined || (before !== undefined && before.sha256 === undefined);
  files.set(path, { path, label: joined, ...(isAny ? {} : { sha256 }) });
}

/** Paths have characters that streams cannot have. */
function streamOf({ tenant, workspace }: TaintPlace): StreamId {
  return { tenant, stream: `taints/${createHash("sha256").update(workspace).digest("hex")}` };
}

/** What cannot be read marks all: it may be from a newer Tau. */
function decodeItem(body: string): TaintItem {
  const parsed = parseJson(body);
  if (parsed.ok && isTaintItem(parsed.value)) return parsed.value;
  return {
    type: "opened",
    mark: { id: "unreadable", paths: ["/"], label: untrusted("unknown", "workspace") },
  };
}

function isTaintItem(value: unknown): value is TaintItem {
  if (!isJsonObject(value)) return false;
  const { type, word, mark } = value;
  if (type === "vouched") return isJsonObject(word) && Array.isArray(word["files"]);
  if (!isJsonObject(mark) || typeof mark["id"] !== "string") return false;
  if (type === "opened") return isTexts(mark["paths"]) && isLabel(mark["label"]);
  const { files } = mark;
  return type === "settled" && Array.isArray(files) && files.every(isTaintedPath);
}

function isTaintedPath(value: unknown): boolean {
  return isJsonObject(value) && typeof value["path"] === "string" && isLabel(value["label"]);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
