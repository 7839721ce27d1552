import type { JsonObject, StopReason } from "@tau/core";

/** A tool call that the scripted model makes. */
export interface TranscriptToolCall {
  readonly name: string;
  /** An object, or the exact text to send, which may be broken JSON. */
  readonly arguments: JsonObject | string;
  /** Default `call_<turn>_<number>`: the same after a restart. */
  readonly id?: string;
}

/**
 * How a turn goes wrong.
 *
 * - `status`: answers with this HTTP status. `overloaded`, `rate_limited`: the same in the protocol's own words.
 * - `reset`: closes the connection instead of answering. `stall`: says nothing more and keeps it open.
 * - `cut`: closes the connection in the middle. `end`: ends the answer properly, but too early.
 * - `garbage`: sends something that is not the protocol. `error_event`: the protocol's error inside the stream.
 */
export interface TranscriptFailure {
  readonly kind:
    | "status"
    | "overloaded"
    | "rate_limited"
    | "reset"
    | "stall"
    | "cut"
    | "end"
    | "garbage"
    | "error_event";
  /** For `status`. Default 500. */
  readonly status?: number;
  readonly message?: string;
  /** Sent as `retry-after`, in seconds. */
  readonly retryAfterSeconds?: number;
  /** Events of the stream that are sent first. Default 0; for `cut`, `end` and `error_event` 2. */
  readonly afterEvents?: number;
  /** How many requests for this turn fail before it is answered. Default: all of them. */
  readonly times?: number;
}

/** What a request must look like; otherwise it gets status 400 and a message that says what was there. */
export interface TranscriptExpectation {
  /** Text that the newest tool results must contain. */
  readonly lastToolResultContains?: string;
  /** Text that the newest user message must contain. */
  readonly lastUserContains?: string;
  /** Text that the instructions must contain. */
  readonly systemContains?: string;
  /** Tools that must be on offer. */
  readonly tools?: readonly string[];
}

/** One answer of the model: thinking, then text, then tool calls. */
export interface TranscriptTurn {
  readonly thinking?: string;
  /** Goes with `thinking` in the Anthropic protocol. Default `signed`. */
  readonly signature?: string;
  readonly text?: string;
  readonly toolCalls?: readonly TranscriptToolCall[];
  /** Default: `tool_calls` if there are any, else `stop`. */
  readonly stopReason?: StopReason;
  /** Default: one token for every four characters. `inputTokens` contains the cached ones. */
  readonly usage?: {
    readonly inputTokens?: number;
    readonly outputTokens?: number;
    readonly cacheReadTokens?: number;
    readonly cacheWriteTokens?: number;
    readonly reasoningTokens?: number;
  };
  /** Before the first event, in milliseconds. Default 0. */
  readonly firstDelayMs?: number;
  /** Between two events, in milliseconds. Default 0. */
  readonly delayMs?: number;
  /** Characters of text or arguments in one event. Default 12. */
  readonly chunkChars?: number;
  readonly expect?: TranscriptExpectation;
  readonly failure?: TranscriptFailure;
}

/** The turns of one conversation, chosen by its first user message. */
export interface TranscriptConversation {
  /** Text that the first user message contains. */
  readonly match: string;
  readonly turns: readonly TranscriptTurn[];
}

/**
 * What the scripted model says, turn by turn.
 *
 * The turn is chosen by the number of assistant messages in the request, so the server remembers nothing
 * and goes on after a restart. `{{name}}` in texts and arguments stands for a variable of the server.
 */
export interface Transcript {
  /** The model's id. Default `scripted`. */
  readonly model?: string;
  /** The turns of every conversation that no entry of `conversations` matches. */
  readonly turns?: readonly TranscriptTurn[];
  /** The first match counts. */
  readonly conversations?: readonly TranscriptConversation[];
}
