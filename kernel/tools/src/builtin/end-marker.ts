import { randomBytes } from "node:crypto";

/** Makes a shell say where it ended, so that the next one can go on there without a living shell in between. */
export interface EndMarker {
  /** The command that runs `source` and says at its end in which folder it is. */
  argv(source: string): readonly [string, ...string[]];
  /** The output without what the shell said. */
  take(output: string): { readonly text: string; readonly folder?: string; readonly bytes: number };
  /** The same for a piece of output, as far as the piece shows it. */
  hide(piece: string): string;
}

/**
 * Makes an {@link EndMarker}.
 *
 * The trap stands in the first line, so that bash names lines as the model wrote them. A command can say something
 * else than the truth: it is told as what the command says, and decides nothing.
 */
export function endMarker(): EndMarker {
  const key = randomBytes(8).toString("hex");
  const said = new RegExp(`\\[${key}:([^\\]]*)\\]`, "u");
  return {
    argv: (source) => ["bash", "-c", `trap 'printf "[${key}:%s]" "$PWD" >&2' EXIT; ${source}`],
    take(output) {
      const [whole, folder] = said.exec(output) ?? [];
      if (whole === undefined || folder === undefined) return { text: output, bytes: 0 };
      return { text: output.replace(whole, ""), folder, bytes: Buffer.byteLength(whole) };
    },
    hide: (piece) => (piece.includes(key) ? piece.replace(said, "") : piece),
  };
}
