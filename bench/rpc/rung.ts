import { createInterface } from "node:readline";

/** Tokens of one answer. */
export const answerTokens = 200_000;
/** What each token says. */
export const token = "tok ";
/** Tokens that a model gives at once: about those of one 64 KiB read of provider events. */
export const batchTokens = 256;

/** What a server says of itself. */
export interface ServerFigures {
  /** CPU since its start. */
  readonly cpuMs: number;
  /** Heap and buffers after a collection. */
  readonly heldBytes: number;
  readonly bufferedBytes: number;
  readonly peakStreamBytes: number;
}

/** Says the port, answers every line of input with the server's figures, and ends with the input. */
export function reportFigures(
  port: number,
  stats: () => { readonly bufferedBytes: number; readonly peakStreamBytes: number },
): void {
  process.stdout.write(`${port}\n`);
  const lines = createInterface(process.stdin);
  lines.on("line", () => {
    const { user, system } = process.cpuUsage();
    const cpuMs = (user + system) / 1_000;
    // What the last answers left behind is let go of a little later than they end.
    setTimeout(() => {
      globalThis.gc?.();
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      const figures: ServerFigures = { cpuMs, heldBytes: heapUsed + external, ...stats() };
      process.stdout.write(`${JSON.stringify(figures)}\n`);
    }, 200);
  });
  lines.on("close", () => process.exit(0));
}

/** Figures of a server that does not know what it holds. */
export const noStats = (): { readonly bufferedBytes: number; readonly peakStreamBytes: number } => ({
  bufferedBytes: Number.NaN,
  peakStreamBytes: Number.NaN,
});
