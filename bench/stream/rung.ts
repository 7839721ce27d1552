/** Tokens of one long answer. */
export const burstTokens = 20_000;

/** How the mock answers: 20,000 tokens at once, 20 tokens, or one token a second until the client leaves. */
export type Pace = "burst" | "short" | "held";

/** What the reader of a stream tells. */
export interface Listener {
  /** Called for every batch of tokens, with how many there are. */
  readonly onTokens: (count: number) => void;
  /** Gives the stream up. */
  readonly signal?: AbortSignal;
}

/** One way to read a streamed answer. */
export interface Rung extends AsyncDisposable {
  /** Does what comes before the prompt, then answers what asks it; that answers the length of the whole text. */
  prepare(pace: Pace): Promise<(listener: Listener) => Promise<number>>;
}

/** Makes a rung that talks to the model at `baseUrl`. */
export type OpenRung = (baseUrl: string) => Promise<Rung>;
