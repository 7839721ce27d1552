import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Transcript } from "@tau/agent/scripted";
import { onTestFinished } from "vitest";

import { startScripted } from "./cli.test.support.ts";
import type { Place, Running, Scripted } from "./cli.test.support.ts";

/** A server as `tau serve` makes it. */
export interface Served {
  readonly url: string;
  readonly model: Scripted;
  /** Where the server works. */
  readonly folder: string;
  readonly serving: Running;
  /** The same server in a new process, once that one is gone. */
  again(): Promise<Served>;
}

/** A server in a folder and with a store of its own; it ends with the test. */
export async function serve(place: Place, transcript: Transcript): Promise<Served> {
  const model = await startScripted(transcript);
  onTestFinished(() => model[Symbol.asyncDispose]());
  const folder = join(place.cwd, "served");
  await mkdir(join(folder, "plans"), { recursive: true });
  await mkdir(join(place.base, "elsewhere/sub"), { recursive: true });
  await mkdir(join(place.base, "private"));
  const config = `[serve]\nfolders = ["${join(place.base, "elsewhere")}", "../not-there"]\n[permissions]\nallow = ["bash(*)", "write(**)"]\nask = ["bash(touch asked.txt)"]\n`;
  await writeFile(join(place.base, "server.toml"), config);
  return await listen(place, { model, folder });
}

async function listen(place: Place, { model, folder }: Pick<Served, "folder" | "model">): Promise<Served> {
  const env = { TAU_HOME: join(place.base, "served-home") };
  const options = [...model.options, "--environment", "host", "--config", join(place.base, "server.toml")];
  const serving = place.spawn(["serve", "--port", "0", ...options], { env, cwd: folder });
  onTestFinished(async () => {
    serving.child.kill("SIGTERM");
    await serving.ended;
  });
  await serving.until("Ctrl-C stops.");
  const [, url = ""] = /Serving \S+ on (\S+) /u.exec(serving.output()) ?? [];
  return { url, model, folder, serving, again: () => listen(place, { model, folder }) };
}
