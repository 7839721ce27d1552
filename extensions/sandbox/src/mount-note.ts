import { relative } from "node:path";

import type { StartRequest } from "@tau/tools";

/** What a program says of a rename from one mount to another. */
const refused = /cross-device link|EXDEV/u;
const longest = 40;
const shownFolders = 5;

/** A command that is told why the system refused a rename. */
export interface NotedRequest<Request extends StartRequest> {
  readonly request: Request;
  /** To be called once the command is dead. */
  leave(): void;
}

/**
 * Folders above secrets and protected files are mount points in a jail, so that no command takes those to another name. A
 * rename out of one fails, though nothing looks like another disk: whoever reads that gets the reason and the way around.
 */
export function withMountNote<Request extends StartRequest>(
  request: Request,
  workspace: string,
  pinned: readonly string[],
): NotedRequest<Request> {
  const { onOutput } = request;
  if (onOutput === undefined || pinned.length === 0) return { request, leave: () => undefined };
  let last = "";
  let isRefused = false;
  const listen: NonNullable<StartRequest["onOutput"]> = (chunk, stream) => {
    if (!isRefused) {
      const text = last + Buffer.from(chunk).toString("latin1");
      isRefused = refused.test(text);
      last = text.slice(-longest);
    }
    onOutput(chunk, stream);
  };
  return {
    request: { ...request, onOutput: listen },
    leave() {
      if (isRefused) onOutput(Buffer.from(noteOf(workspace, pinned)), "stderr");
    },
  };
}

function noteOf(workspace: string, pinned: readonly string[]): string {
  const names = pinned.slice(0, shownFolders).map((folder) => relative(workspace, folder));
  const more = pinned.length > names.length ? ", …" : "";
  return `tau: folders with secret or protected files are mount points in this sandbox (${names.join(", ")}${more}), so a rename into or out of one fails: copy and remove instead, as mv does; in place of git mv: mv, then git add -A with both paths\n`;
}
