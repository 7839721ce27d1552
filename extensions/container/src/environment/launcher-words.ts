import { TauError } from "@tau/core";
import type { ExecRequest } from "@tau/tools";

type Listener = NonNullable<ExecRequest["onOutput"]>;

/** What a command's launcher says of it, kept out of the command's output. */
export interface LauncherWords {
  readonly listen: Listener;
  /**
   * To be called at the end. Answers the command's exit code; undefined when the launcher was killed before it could say
   * it. Throws `environment.failed` when the command was never started.
   */
  exitCode(): number | undefined;
}

const reasons: Readonly<Record<string, string>> = {
  folder: "the container has no such folder, or it may not be entered.",
  program:
    "the program was not found in the container or may not be run. Check the program's name, the PATH and its permissions.",
  terminal: "the image has no stty, which terminals need.",
};

/** How much longer than its mark a launcher's line can be. */
const lineBytes = 20;

/**
 * Makes {@link LauncherWords} for the stream on which the launcher speaks. Its lines begin with a zero byte and a word that
 * is new for every command; what follows a zero byte is held back only while it can be such a line.
 */
export function createLauncherWords(
  { word, stream }: { readonly word: string; readonly stream: "stdout" | "stderr" },
  onOutput: Listener,
): LauncherWords {
  const mark = `\0tau-${word} `;
  let held = Buffer.alloc(0);

  const emit = (bytes: Buffer): void => {
    if (bytes.length > 0) onOutput(bytes, stream);
  };
  return {
    listen(chunk, from) {
      if (from !== stream) return onOutput(chunk, from);
      const bytes = Buffer.concat([held, chunk]);
      const at = bytes.lastIndexOf(0);
      const line = at === -1 ? Buffer.alloc(0) : bytes.subarray(at);
      const start = line.subarray(0, mark.length).toString("latin1");
      const isWord = line.length > 0 && line.length < mark.length + lineBytes && mark.startsWith(start);
      held = isWord ? line : Buffer.alloc(0);
      emit(isWord ? bytes.subarray(0, at) : bytes);
    },
    exitCode() {
      const line = held.toString("latin1");
      const [, kind, value = ""] = /^(no|exit) (\w+)\s*$/u.exec(line.slice(mark.length)) ?? [];
      if (!line.startsWith(mark) || kind === undefined) {
        emit(held);
        return undefined;
      }
      if (kind === "exit") return Number(value);
      throw new TauError(
        "environment.failed",
        `Starting the command failed: ${reasons[value] ?? "it was refused."}`,
      );
    },
  };
}
