import { basename, resolve } from "node:path/posix";

import { joinLabels, TauError, untrusted } from "@tau/core";
import type { Tool, ToolContext } from "@tau/tools";
import { isWithin, textOutput } from "@tau/tools";

import { maxUploadBytes } from "../browser-options.ts";
import { defineActingTool, inputs, toWebUrl } from "../browser-tool.ts";
import type { BrowserHost } from "../browser-tool.ts";
import { assertHost, elementOf, hostOf, labelOfPage, toHost } from "../page-host.ts";
import { answered, briefChars, showPage } from "../show-page.ts";
import { leadsElsewhere } from "./navigate-tool.ts";

interface DownloadInput {
  readonly host: string;
  readonly ref?: string;
  readonly url?: string;
  readonly path: string;
}

interface UploadInput {
  readonly host: string;
  readonly ref: string;
  readonly paths: readonly string[];
}

/** Makes the tools for files: they go to and from the workspace alone, under its rules. */
export function createFileTools(host: BrowserHost): readonly Tool[] {
  return [downloadTool(host), uploadTool(host)];
}

const path = {
  type: "string",
  minLength: 1,
  maxLength: 1_000,
  description: "Relative to the workspace.",
} as const;

function downloadTool(host: BrowserHost): Tool {
  return defineActingTool<DownloadInput>(host, {
    name: "browser_download",
    description:
      "Saves a file of the workspace that an element of the page gives when it is clicked (ref), or an address of its host (url). Downloads that a page begins by itself are refused.",
    properties: {
      ref: inputs.ref,
      url: { type: "string", minLength: 1, maxLength: 8_192 },
      path: { ...path, description: "Where to save it, relative to the workspace." },
    },
    required: ["path"],
    files: (input, workspace) => [{ kind: "write", path: resolve(workspace, input.path) }],
    async act({ tabs, downloads, navigation }, input, context) {
      const { page } = tabs.current();
      const { ref, url } = input;
      if ((ref === undefined) === (url === undefined)) {
        throw new TauError("browser.download_failed", "Say either a ref or a url, and not both.");
      }
      const {
        data,
        name,
        url: from,
      } = await downloads.take(async () => {
        if (ref === undefined) {
          const { href } = toWebUrl(url ?? "");
          assertSameHost(href, input.host);
          navigation.begin();
          await page.goto(href, { timeout: host.loadMs }).catch((error: unknown) => {
            throw navigation.refused === undefined ? error : leadsElsewhere(href, navigation.refused);
          });
        } else {
          const element = await elementOf(page, ref, input.host);
          await element.click({ timeout: host.answerMs });
        }
      }, context.signal);
      const target = resolve(context.environment.info.profile.workspace, input.path);
      await context.environment.writeFile(target, data, {}, context.signal);
      const place = hostOf(from);
      const label = labelOfPage(page);
      return textOutput(
        `Saved ${data.byteLength} bytes from ${place ?? "the page"} as ${input.path}; its own name is ${JSON.stringify(name.slice(0, 200))}.`,
        {
          details: { path: target, bytes: data.byteLength },
          label: place === undefined ? label : joinLabels(label, untrusted(`web:${place}`)),
        },
      );
    },
  });
}

function assertSameHost(url: string, said: string): void {
  if (hostOf(url) === toHost(said)) return;
  throw new TauError(
    "browser.wrong_host",
    `The address is at ${hostOf(url) ?? "no host"}, not at ${said.slice(0, 200)}.`,
  );
}

function uploadTool(host: BrowserHost): Tool {
  return defineActingTool<UploadInput>(host, {
    name: "browser_upload",
    description: `Puts files of the workspace into a file field of the page; at most ${maxUploadBytes / 1_000_000} MB together.`,
    properties: { ref: inputs.ref, paths: { type: "array", items: path, minItems: 1, maxItems: 10 } },
    required: ["ref", "paths"],
    files: ({ paths }, workspace) =>
      paths.map((one) => ({ kind: "read", path: resolve(workspace, one) }) as const),
    async act(browser, { host: said, ref, paths }, context) {
      const { page } = browser.tabs.current();
      assertHost(page, browser.decided);
      const files = await readFiles(paths, context);
      await answered(page, host.answerMs * 2, async () => {
        const field = await elementOf(page, ref, said);
        await field.setInputFiles(files, { timeout: host.answerMs });
      });
      return await showPage(browser, { answerMs: host.answerMs, maxChars: briefChars });
    },
  });
}

interface UploadedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Read by this process under the workspace's rules: the browser sees their contents, and no folder. */
async function readFiles(
  paths: readonly string[],
  { environment, signal }: ToolContext,
): Promise<UploadedFile[]> {
  const files: UploadedFile[] = [];
  let left = maxUploadBytes;
  for (const one of paths) {
    const { workspace } = environment.info.profile;
    const absolute = await environment.realPath(resolve(workspace, one), signal);
    if (!isWithin(absolute, workspace)) {
      throw new TauError(
        "environment.denied",
        `${one} is not in the workspace, and only its files are uploaded.`,
      );
    }
    left -= (await environment.stat(absolute, signal)).size;
    if (left < 0) {
      throw new TauError(
        "browser.upload_too_large",
        `The files have more than ${maxUploadBytes} bytes together. Upload smaller ones.`,
      );
    }
    const data = await environment.readFile(absolute, signal);
    files.push({ name: basename(one), mimeType: "application/octet-stream", buffer: Buffer.from(data) });
  }
  return files;
}
