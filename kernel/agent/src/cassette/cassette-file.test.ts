import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { readAll } from "../testing/read-all.ts";
import { startScriptedServer } from "../scripted/server.ts";
import { createPlace } from "./cassette.test.support.ts";
import type { CassettePlace } from "./cassette.test.support.ts";
import { recordTransport } from "./record-transport.ts";
import { replayModel } from "./replay-model.ts";
import { replayTransport } from "./replay-transport.ts";

async function recordHello(place: CassettePlace, append: boolean): Promise<void> {
  await using server = await startScriptedServer({ turns: [{ text: "Hello." }] });
  await using transport = createHttpTransport();
  await using recorder = await recordTransport({ path: place.path, transport, append });
  await readAll(createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", transport: recorder }));
}

describe("a cassette file", () => {
  test("is a header and one exchange a line", async () => {
    await using place = await createPlace();
    await recordHello(place, false);

    const [header, entry, ...rest] = (await place.text()).split("\n");
    expect(header).toBe('{"tau":"cassette","version":1}');
    expect(JSON.parse(entry ?? "")).toMatchObject({
      kind: "http",
      request: {
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions$/),
        headers: { accept: "text/event-stream", "content-type": "application/json", "user-agent": "tau" },
        body: { json: { model: "scripted" } },
      },
      response: { status: 200, headers: { "content-type": expect.any(String) }, reads: expect.any(Array) },
      end: "complete",
    });
    expect(rest).toEqual([""]);
  });

  test("is neither overwritten nor added to unless that is wanted", async () => {
    await using place = await createPlace();
    await recordHello(place, false);
    const before = await place.text();

    await expect(recordHello(place, false)).rejects.toMatchObject({ code: "cassette.exists" });
    expect(await place.text()).toBe(before);

    await recordHello(place, true);
    const lines = (await place.text()).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
  });

  test("is not added to when it is something else", async () => {
    await using place = await createPlace();
    await writeFile(place.path, "shopping: milk\n");

    await expect(recordHello(place, true)).rejects.toMatchObject({ code: "cassette.invalid" });
    expect(await readFile(place.path, "utf8")).toBe("shopping: milk\n");
  });

  test("that cannot be written is an error", async () => {
    await expect(recordTransport({ path: "/proc/no/such/folder" })).rejects.toMatchObject({
      code: "cassette.write_failed",
    });
  });

  test("that can no longer be written is an error of the next call and of the end", async () => {
    await using place = await createPlace();
    const script = fileURLToPath(new URL("./full-disk-child.test.support.ts", import.meta.url));
    const limited = `ulimit -f 256; exec "$0" --conditions=@tau/source "$1" "$2"`;
    const child = spawn("sh", ["-c", limited, process.execPath, script, place.path]);

    expect(JSON.parse(await text(child.stdout))).toEqual({
      call: "cassette.write_failed",
      end: "cassette.write_failed",
    });
    await expect(replayTransport({ path: place.path })).rejects.toMatchObject({ code: "cassette.invalid" });
  });

  test("is not there: an error without its path", async () => {
    const error: unknown = await replayTransport({ path: "/no/such/file" }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({ code: "cassette.invalid" });
    expect(String(error)).not.toContain("/no/such");
  });

  const header = '{"tau":"cassette","version":1}';
  const http = (fields: string) => `${header}\n{"kind":"http","end":"complete",${fields}}`;
  const request = '"request":{"url":"http://a/b","headers":{},"body":{"json":1}}';
  test.each([
    ["", "Line 1"],
    ['{"tau":"cassette","version":2}', "version 2"],
    [`${header}\n{"kind":"http","req`, "Line 2 of the cassette is not JSON"],
    [`${header}\n7`, "is not an object"],
    [`${header}\n{"kind":"http","request":{}}`, "has no end"],
    [`${header}\n{"kind":"http","end":"complete"}`, "has no request"],
    [`${header}\n\n{"kind":"tape","end":"complete","request":{}}`, "Line 3 of the cassette is of no kind"],
    [http('"request":{"url":"b"}'), "has no request.url"],
    [http('"request":{"url":"http://a/b"}'), "has no headers"],
    [http('"request":{"url":"http://a/b","headers":{},"body":{}}'), "request.body"],
    [http(`${request},"response":{"status":200}`), "without status or headers"],
    [http(`${request},"response":{"status":200,"headers":{},"reads":[["a",1]]}`), "response.reads"],
    [`${header}\n{"kind":"model","end":"complete","request":{},"model":{}}`, "has no model"],
    [
      `${header}\n{"kind":"model","end":"left","request":{},"model":{"provider":"p","id":"m"}}`,
      "has no batches",
    ],
  ])("that is broken is refused, and the line is named: %s", async (content, reason) => {
    await using place = await createPlace();
    await writeFile(place.path, content);

    await expect(replayTransport({ path: place.path })).rejects.toMatchObject({
      code: "cassette.invalid",
      message: expect.stringContaining(reason),
    });
  });

  test("of HTTP holds no model", async () => {
    await using place = await createPlace();
    await recordHello(place, false);

    await expect(replayModel({ path: place.path })).rejects.toMatchObject({ code: "cassette.invalid" });
  });
});
