/**
 * Records calls until the disk refuses: `node full-disk-child.test.support.ts <path>`, under a limit on the size
 * of files. Prints the code of the call that was refused, and that of the end.
 */
import { isTauError } from "@tau/core";

import { createHttpTransport } from "../http/http-transport.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { readAll } from "../testing/read-all.ts";
import { startScriptedServer } from "../scripted/server.ts";
import { recordTransport } from "./record-transport.ts";

const [path = ""] = process.argv.slice(2);
const codeOf = (error: unknown): string => (isTauError(error) ? error.code : String(error));

await using server = await startScriptedServer({ turns: [{ text: "x".repeat(20_000) }] });
await using transport = createHttpTransport();
const recorder = await recordTransport({ path, transport });
const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", transport: recorder });
let call: string | undefined;
while (call === undefined) {
  call = await readAll(model).then(() => undefined, codeOf);
}
const end = await recorder[Symbol.asyncDispose]().then(() => "fine", codeOf);
process.stdout.write(JSON.stringify({ call, end }));
