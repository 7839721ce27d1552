import { join, relative, resolve } from "node:path";

import { isJsonObject } from "@tau/core";
import { createFolderSource, createKnowledgeModule } from "@tau/tools";
import type { Module } from "@tau/tools";

import type { Settings } from "../settings.ts";
import { invalidConfig } from "../invalid-config.ts";
import type { ExtraToolsFile } from "./extra-tools-file.ts";
import { namedPath } from "./named-path.ts";
import { standingRules } from "./standing-rules.ts";

/** `knowledge_search` and `knowledge_read`: the documents of a folder. */
export const knowledgeFile: ExtraToolsFile = {
  open,
  async check(settings) {
    const module = await open(settings);
    try {
      // Reads every document, as a run does.
      await module.initialize?.(new AbortController().signal);
      return { result: "ok", detail: `knowledge_search, knowledge_read: ${module.description}` };
    } finally {
      await module.cleanup?.();
    }
  },
};

async function open(settings: Settings): Promise<Module> {
  const { modules, cwd } = settings;
  const { folder, endings } = isJsonObject(modules["knowledge"]) ? modules["knowledge"] : {};
  if (typeof folder !== "string")
    throw invalidConfig(
      'modules.knowledge needs a folder with documents: [modules.knowledge] with folder = "docs".',
    );
  const path = await namedPath("modules.knowledge.folder", folder, cwd);
  const listed = Array.isArray(endings) ? endings.filter((ending) => typeof ending === "string") : [];
  const rules = await standingRules(settings);
  const source = createFolderSource({
    folder: path,
    // A rule may know a document by the name that leads to it, or by the one that it has.
    mayRead: (file) => rules.mayRead(file) && rules.mayRead(join(resolve(cwd, folder), relative(path, file))),
    ...(listed.length === 0 ? {} : { endings: listed }),
  });
  return { ...createKnowledgeModule({ source }), description: `The documents of ${folder}.` };
}
