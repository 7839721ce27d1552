/**
 * Tau's server on a whole runtime with its journal in memory, around a model that costs nothing.
 * The argument is the number of tokens in an answer.
 */
import { startServer } from "@tau/server";

import { openBenchRuntime, openMemoryStore } from "../lib/bench-runtime.ts";
import { createFakeModel } from "../lib/fake-model.ts";
import { answerTokens, batchTokens, reportFigures, token } from "./rung.ts";

const tokens = Number(process.argv[2] ?? answerTokens);
const model = createFakeModel({ tokens, token, batch: batchTokens });
const { runtime } = await openBenchRuntime(openMemoryStore(), model);
const server = await startServer({ runtime, port: 0 });
reportFigures(server.port, () => server.stats);
