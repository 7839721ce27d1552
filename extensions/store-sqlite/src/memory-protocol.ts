/** What a write of a file expects to find: anything, nothing, or this etag. */
export type Expected = { readonly any: true } | { readonly any: false; readonly etag: string | null };

/** A folder that a path lies in, as it is written and as it is compared. */
export interface Folder {
  readonly path: string;
  readonly folded: string;
}

/** A path, ready to be compared with others. */
export interface FiledPath extends Folder {
  readonly folders: readonly Folder[];
}

/** A text to be found, with the words by which. */
export interface FiledText {
  readonly path: string;
  readonly stamp: string;
  readonly title: string;
  readonly body: string;
  readonly titleWords: string;
  readonly bodyWords: string;
}

/** Operations on memories that change a tenant's file. */
export type MemoryWrite =
  | {
      readonly op: "memory_save";
      readonly tenant: string;
      readonly at: FiledPath;
      readonly text: string;
      readonly etag: string;
      readonly stamp: string;
      readonly bytes: number;
      readonly now: number;
      readonly expected: Expected;
      readonly maxFiles: number;
    }
  | {
      readonly op: "memory_delete";
      readonly tenant: string;
      readonly path: string;
      readonly expected: Expected;
    }
  | {
      readonly op: "memory_rename";
      readonly tenant: string;
      readonly from: string;
      readonly to: FiledPath;
      readonly stamp: string;
      readonly now: number;
    }
  | {
      readonly op: "memory_index";
      readonly tenant: string;
      readonly put: readonly FiledText[];
      readonly remove: readonly string[];
    };

/** Operations on memories that only look. */
export type MemoryRead =
  | { readonly op: "memory_list"; readonly tenant: string; readonly prefix: string }
  | { readonly op: "memory_load"; readonly tenant: string; readonly path: string }
  | { readonly op: "memory_stamps"; readonly tenant: string }
  | { readonly op: "memory_query"; readonly tenant: string; readonly match: string; readonly limit: number };

/** What became of a write: what stood in its way, if anything did. */
export type MemoryOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "missing" }
  | { readonly kind: "changed" }
  | { readonly kind: "taken"; readonly by: string }
  | { readonly kind: "full" };

/** A file in a listing. */
export interface FiledEntry {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: number;
  readonly stamp: string;
}

/** What each of them answers. */
export interface MemoryAnswers {
  readonly memory_save: MemoryOutcome;
  readonly memory_delete: MemoryOutcome;
  readonly memory_rename: MemoryOutcome;
  readonly memory_index: null;
  readonly memory_list: readonly FiledEntry[];
  readonly memory_load: string | null;
  /** Paths and stamps, one after the other. */
  readonly memory_stamps: readonly string[];
  readonly memory_query: readonly Pick<FiledText, "path" | "title" | "body">[];
}
