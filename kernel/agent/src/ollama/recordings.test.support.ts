import { readFixture } from "../fixture.test.support.ts";
import { textAt } from "../json-fields.ts";
import type { Recording } from "../replay.test.support.ts";

/** Reads `fixtures/ollama.ndjson.gz`. */
export function readOllamaRecordings(): readonly Recording[] {
  return readFixture("ollama").map((record) => ({
    name: `${textAt(record, "path").split("/").at(-1)} ${Number(record["i"])}`,
    kind: textAt(record, "kind"),
    status: Number(record["status"]),
    contentType: record["kind"] === "stream" ? "application/x-ndjson" : "application/json; charset=utf-8",
    body: Buffer.from(textAt(record, "response")),
  }));
}
