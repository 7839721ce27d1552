import type {
  Delta,
  EffectFinished,
  ModelCallFinished,
  RunEvent,
  SessionEvent,
  ToolCallPart,
} from "@tau/core";
import { textOf, toolCallsOf } from "@tau/core";

import { eventLines } from "./event-lines.ts";
import type { EventView } from "./event-view.ts";
import { plain } from "./plain-text.ts";
import { createSessionWork } from "./session-work.ts";
import { createStatusLine } from "./status-line.ts";
import { createStyle } from "./style.ts";
import type { Terminal } from "./terminal.ts";
import { callTitle, toolLines } from "./tool-lines.ts";
import { endedJobLine } from "./work-lines.ts";

/** Options of {@link createTimelineView}. */
export interface TimelineOptions {
  /** Whether changes of files are shown line by line. Default true. */
  readonly diffs?: boolean;
}

/** A timeline for people: text as it comes, a line for each tool with what it did, the end with its cost. */
export function createTimelineView(terminal: Terminal, options: TimelineOptions = {}): EventView {
  return new TimelineView(terminal, options);
}

class TimelineView implements EventView {
  readonly #terminal: Terminal;
  readonly #style: ReturnType<typeof createStyle>;
  readonly #status: ReturnType<typeof createStatusLine>;
  /** The calls of the current step, to say of an effect what it was asked to do. */
  #calls = new Map<string, ToolCallPart>();
  /** Text of the current answer that was shown as fragments; the finished message repeats it. */
  #streamed = "";
  readonly #work = createSessionWork();
  #midLine = false;
  /** Whether a blank line is due before the next answer, so that an answer and its tools stand together. */
  #gap = false;
  #startedAt: number | undefined;
  readonly #diffs: boolean;

  constructor(terminal: Terminal, { diffs = true }: TimelineOptions) {
    this.#terminal = terminal;
    this.#diffs = diffs;
    this.#style = createStyle(terminal);
    this.#status = createStatusLine(terminal, this.#style);
  }

  show(one: RunEvent): void {
    if (one.kind === "delta") this.#showDelta(one.delta);
    else this.#showEvent(one.event, one.at);
  }

  recall(one: RunEvent): void {
    if (one.kind === "event" && one.event.type === "model_finished") this.#remember(one.event);
  }

  note(text: string): void {
    this.#line(text);
  }

  pause(): void {
    this.#status.clear();
    if (this.#midLine) this.#terminal.stdout.write("\n");
    this.#midLine = false;
  }

  #showDelta(delta: Delta): void {
    if (delta.type === "text_delta") {
      this.#streamed += delta.text;
      this.#write(plain(delta.text));
    } else if (!this.#midLine) {
      this.#status.show(activityOf(delta));
    }
  }

  #showEvent(event: SessionEvent, at: number): void {
    switch (event.type) {
      case "run_started":
        this.#startedAt = at;
        break;
      case "model_finished":
        this.#finishAnswer(textOf(event.message));
        this.#remember(event);
        return;
      case "effect_started": {
        const call = this.#calls.get(event.callId);
        this.#status.show(`${event.tool} ${callTitle(call, 200)}`);
        return;
      }
      case "effect_finished":
        this.#showEffect(event);
        break;
      default:
        break;
    }
    for (const job of this.#work.add(event)) this.#line(this.#style("yellow", endedJobLine(job)));
    for (const line of eventLines(event, this.#since(at), this.#style)) this.#line(line);
    // Between two effects, and after the last one, it is the model's turn.
    if (event.type === "run_started" || event.type === "run_resumed" || event.type === "effect_finished")
      this.#status.show("waiting for the model");
  }

  /** Undefined where the beginning was not seen. */
  #since(at: number): number | undefined {
    return this.#startedAt === undefined ? undefined : at - this.#startedAt;
  }

  #remember({ message }: ModelCallFinished): void {
    this.#calls = new Map(toolCallsOf(message).map((call) => [call.id, call]));
  }

  #showEffect(effect: EffectFinished): void {
    const call = this.#calls.get(effect.callId);
    for (const line of toolLines(effect, { call, style: this.#style, diffs: this.#diffs })) this.#line(line);
  }

  /** What of the answer was not shown as it came: all of it in a replay. */
  #finishAnswer(text: string): void {
    this.#status.clear();
    if (text.startsWith(this.#streamed)) this.#write(plain(text.slice(this.#streamed.length)));
    this.#streamed = "";
    this.pause();
  }

  #write(text: string): void {
    if (text === "") return;
    this.#status.clear();
    if (this.#gap) this.#terminal.stdout.write("\n");
    this.#gap = false;
    this.#terminal.stdout.write(text);
    this.#midLine = !text.endsWith("\n");
  }

  #line(text: string): void {
    this.pause();
    this.#terminal.stdout.write(`${text}\n`);
    this.#gap = true;
  }
}

function activityOf(delta: Exclude<Delta, { readonly type: "text_delta" }>): string {
  switch (delta.type) {
    case "thinking_delta":
      return "thinking";
    case "tool_call_started":
      return `preparing ${delta.name}`;
    default:
      return `${delta.tool}: ${delta.text.trimEnd().split("\n").at(-1) ?? ""}`;
  }
}
