import { isJsonObject, noUsage } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

import { countAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { OpenAiAudioOptions } from "./openai-audio-endpoint.ts";
import { audioEndpoint } from "./openai-audio-endpoint.ts";
import type {
  TimedText,
  Transcript,
  TranscriptionModel,
  TranscriptionRequest,
} from "./transcription-model.ts";

/**
 * Makes a {@link TranscriptionModel} that speaks OpenAI's `/audio/transcriptions`: OpenAI, Groq, vLLM and
 * others that serve Whisper.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOpenAiTranscription(options: OpenAiAudioOptions): TranscriptionModel {
  const endpoint = audioEndpoint(options, "/audio/transcriptions");
  const { identity } = endpoint;
  return {
    provider: identity.provider,
    id: identity.model,
    async transcribe(request, { signal }) {
      const { exchangeForJson } = await import("../whole-exchange.ts");
      const form = new Response(toForm(request, options.model));
      const body = {
        contentType: form.headers.get("content-type") ?? "multipart/form-data",
        accept: "application/json",
        body: new Uint8Array(await form.arrayBuffer()),
      };
      const transcript = fromBody(await exchangeForJson(endpoint, body, signal));
      if (transcript !== undefined) return transcript;
      throw modelError("model.parse", identity, {
        class: "permanent",
        sentence: "answered without a transcript. Check the base URL",
      });
    },
  };
}

function toForm({ audio, mediaType, ...request }: TranscriptionRequest, model: string): FormData {
  const { timings = "none", language, prompt, temperature } = request;
  const form = new FormData();
  // The server goes by the ending of the name.
  form.append("file", new Blob([Buffer.from(audio)], { type: mediaType }), `audio.${endingOf(mediaType)}`);
  form.append("model", model);
  form.append("response_format", timings === "none" ? "json" : "verbose_json");
  if (timings !== "none") {
    form.append("timestamp_granularities[]", timings === "words" ? "word" : "segment");
  }
  if (language !== undefined) form.append("language", language);
  if (prompt !== undefined) form.append("prompt", prompt);
  if (temperature !== undefined) form.append("temperature", String(temperature));
  return form;
}

const endings: Readonly<Record<string, string>> = { mpeg: "mp3", wave: "wav", mp4: "m4a", "x-m4a": "m4a" };

function endingOf(mediaType: string): string {
  const subtype = /^[a-z]+\/(?:x-(?=wav|flac))?([a-z0-9.+-]+)/i.exec(mediaType)?.[1]?.toLowerCase() ?? "wav";
  return endings[subtype] ?? subtype;
}

function fromBody(body: JsonObject): Transcript | undefined {
  const { text, language, duration, segments, words, usage } = body;
  if (typeof text !== "string") return undefined;
  return {
    text,
    ...(typeof language === "string" ? { language } : {}),
    ...(typeof duration === "number" ? { durationMs: milliseconds(duration) } : {}),
    segments: timed(segments, "text"),
    words: timed(words, "word"),
    usage: usageOf(usage),
  };
}

function timed(rows: Json | undefined, field: "text" | "word"): readonly TimedText[] {
  if (!Array.isArray(rows)) return [];
  return rows.filter(isJsonObject).flatMap(({ [field]: text, start, end }) => {
    if (typeof text !== "string" || typeof start !== "number" || typeof end !== "number") return [];
    return [{ text: text.trim(), startMs: milliseconds(start), endMs: milliseconds(end) }];
  });
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** A model billed by the second tells no tokens. */
function usageOf(usage: Json | undefined): Usage {
  if (!isJsonObject(usage)) return noUsage;
  return {
    ...noUsage,
    inputTokens: countAt(usage, "input_tokens"),
    outputTokens: countAt(usage, "output_tokens"),
  };
}
