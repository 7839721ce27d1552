export { parseTranscript } from "./parse-transcript.ts";
export type { ScriptedRequest, ScriptedServer, ScriptedServerOptions } from "./server.ts";
export { startScriptedServer } from "./server.ts";
export type {
  Transcript,
  TranscriptConversation,
  TranscriptExpectation,
  TranscriptFailure,
  TranscriptToolCall,
  TranscriptTurn,
} from "./transcript.ts";
export type { Variables } from "./variables.ts";
