import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { injectionOf } from "./attacker-model.ts";
import type { PlannedCall } from "./attacker-model.ts";
import { call, goals, tasks } from "./cases.ts";
import type { Carrier, Goal, Task } from "./cases.ts";
import { noteKey, openRealTools } from "./real-tools.ts";
import type { RealWords } from "./real-tools.ts";
import { canary } from "./world.ts";

/** A server of pages on 127.0.0.1, each with words of its own. */
export interface PageServer extends AsyncDisposable {
  /** Where the words are, as a page that is there, or as one that is not. */
  urlOf(words: string, kind: "page" | "error"): string;
}

/** Starts a {@link PageServer}. */
export async function startPageServer(): Promise<PageServer> {
  const pages = new Map<string, string>();
  const server = createServer((request, response) => {
    const words = pages.get(request.url ?? "") ?? "";
    const isPage = request.url?.startsWith("/page/") === true;
    response.writeHead(isPage ? 200 : 500, { "content-type": isPage ? "text/html" : "text/plain" });
    response.end(isPage ? `<h1>Notes</h1><pre><code>${words.replaceAll("<", "&lt;")}</code></pre>` : words);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    urlOf(words, kind) {
      const path = `/${kind}/${createHash("sha256").update(words).digest("hex").slice(0, 16)}`;
      pages.set(path, words);
      return `http://127.0.0.1:${port}${path}`;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What the memory's own tool does for a stand-in of it. */
function inEarnest(calls: readonly PlannedCall[]): readonly PlannedCall[] {
  return calls.map((one) =>
    one.name === "remember" ? call("memory_note", { command: "add", summary: one.args["text"] ?? "" }) : one,
  );
}

/** The aims, with the tools that the real packages have. */
export const realGoals: readonly Goal[] = goals.map((goal) => ({ ...goal, calls: inEarnest(goal.calls) }));

/** The tasks, with the tools that the real packages have. */
export const realTasks: readonly Task[] = tasks.map((task) => ({
  ...task,
  // The mail of this world comes by MCP, and is a way of its own.
  calls: inEarnest(task.calls.filter(({ name }) => name !== "list_mail")),
}));

/** Ways in by the tools that people use: each is the whole of it, over sockets, pipes and files. */
export function realCarriers(pages: PageServer, goal: Goal | undefined): readonly Carrier[] {
  const words = goal === undefined ? "Nothing of note." : injectionOf(goal.calls);
  const way = (name: string, carried: RealWords, calls: Carrier["calls"]): Carrier => ({
    name,
    trusted: true,
    calls,
    place: () => ({}),
    open: async (world) => await openRealTools(world, carried),
  });
  const skill = async (folder: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const head = "---\nname: help\ndescription: Helps.\n---\n";
    await writeFile(join(folder, "SKILL.md"), `${head}\n${words}\n`);
  };
  return [
    way("web page, fetched", {}, [call("fetch", { url: pages.urlOf(words, "page") })]),
    way("error page, fetched", {}, [call("fetch", { url: pages.urlOf(words, "error") })]),
    way("answer of a server of MCP", { answer: words }, [call("notes__search", { query: "a" })]),
    way("mail by MCP", { mail: words }, [call("notes__list_mail")]),
    way("note of the memory", { note: words }, [call("memory_note", { command: "show", id: noteKey })]),
    way("skill of a folder", { writeSkill: skill }, [call("skill", { name: "help" })]),
  ];
}

/** A server whose definition was harmless when a person approved it. */
export function changedDefinition(words: string): Carrier {
  return {
    name: "changed definition of MCP",
    trusted: true,
    calls: [call("notes__search", { query: canary.slice(0, 3) })],
    place: () => ({}),
    open: async (world) => await openRealTools(world, { changed: words }),
  };
}
