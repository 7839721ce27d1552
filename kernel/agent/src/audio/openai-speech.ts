import type { OpenAiAudioOptions } from "./openai-audio-endpoint.ts";
import { audioEndpoint } from "./openai-audio-endpoint.ts";
import type { SpeechModel } from "./speech-model.ts";

/**
 * Makes a {@link SpeechModel} that speaks OpenAI's `/audio/speech`: OpenAI and servers that imitate it.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOpenAiSpeech(options: OpenAiAudioOptions): SpeechModel {
  const endpoint = audioEndpoint(options, "/audio/speech");
  const { identity } = endpoint;
  return {
    provider: identity.provider,
    id: identity.model,
    async *speak({ text, voice, format = "mp3", speed, instructions }, { signal }) {
      const { openWhole, readBytes } = await import("../whole-exchange.ts");
      const json = JSON.stringify({
        model: options.model,
        input: text,
        voice,
        response_format: format,
        speed,
        instructions,
      });
      const body = { contentType: "application/json", accept: "application/octet-stream", body: json };
      yield* readBytes(identity, await openWhole(endpoint, body, signal), signal);
    },
  };
}
