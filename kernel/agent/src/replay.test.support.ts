import { sendPieces, startLoopback } from "./testing/loopback.ts";
import { randomSplits, seededRandom } from "./testing/random-splits.ts";

/** A recorded answer of a provider. */
export interface Recording {
  readonly name: string;
  readonly kind: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** A server that says again what was recorded. */
export interface Replay<Recorded> extends AsyncDisposable {
  /** Below this address everything is answered with the recording. */
  readonly urlOf: (recording: Recorded) => string;
}

/**
 * Serves every recording below a path of its own, streams in random pieces. Where `lengthOf` says how many bytes an answer
 * needs to be whole, it ends properly with fewer.
 */
export async function startReplay<Recorded extends Recording>(
  recordings: readonly Recorded[],
  lengthOf?: (body: Buffer) => number,
): Promise<Replay<Recorded>> {
  const server = await startLoopback(async (request, response) => {
    const index = Number(request.url?.split("/")[1]);
    const recording = recordings[index];
    if (recording === undefined) throw new Error("No such recording.");
    const { kind, status, contentType } = recording;
    const body =
      lengthOf === undefined
        ? recording.body
        : recording.body.subarray(0, seededRandom(index)(lengthOf(recording.body)));
    response.writeHead(status, { "content-type": contentType });
    if (kind === "stream") await sendPieces(response, randomSplits(body, seededRandom(index)));
    else response.end(body);
  });
  return {
    urlOf: (recording) => `${server.url}/${recordings.indexOf(recording)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
