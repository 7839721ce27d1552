import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { TauError } from "@tau/core";
import type { PermissionLayer, PermissionRule, RuleLayer } from "@tau/tools";
import type { FlowRule } from "@tau/tools/flow";

import { readConfigText } from "./config-file.ts";
import type { ConfigFile, FlowEntry, RuleEntry } from "./config-file.ts";

/** The administrator's rules. Fixed: whoever could name another file could leave them behind. */
const adminRulesPath = "/etc/tau/permissions.toml";

/** Where rules that are no project's are read. */
export interface RulePlaces {
  /** Where Tau keeps its data; the person's own rules are there. */
  readonly home: string;
  readonly adminPath?: string;
  /** Who must own the administrator's file and every folder above it. Default 0, which is root. */
  readonly adminOwner?: number;
  /** Up to which folder that is checked. Default `/`. */
  readonly adminRoot?: string;
}

/** The file of the person's own rules. */
function userRulesPath(home: string): string {
  return join(home, "permissions.toml");
}

/** The layers that hold in every folder. @throws TauError `config.*` */
export async function machineLayers(places: RulePlaces): Promise<readonly PermissionLayer[]> {
  const { home, adminPath = adminRulesPath } = places;
  const admin = await readLayer("admin", adminPath);
  if (admin.length > 0) await assertAdmins(adminPath, places);
  return [...admin, ...(await readLayer("user", userRulesPath(home)))];
}

/** What the permissions of a configuration are as a layer. */
export function layerOf(
  layer: RuleLayer,
  source: string,
  { deny, ask, allow, programs, flow }: ConfigFile["permissions"],
): PermissionLayer {
  return {
    layer,
    source,
    rules: { deny: (deny ?? []).map(toRule), ask: (ask ?? []).map(toRule), allow: (allow ?? []).map(toRule) },
    ...(programs === undefined ? {} : { programs }),
    ...(flow === undefined ? {} : { flow: flow.map(toFlowRule) }),
  };
}

async function readLayer(layer: RuleLayer, path: string): Promise<readonly PermissionLayer[]> {
  const text = await readConfigText(path);
  if (text === undefined) return [];
  const { parseConfig } = await import("./parse-config.ts");
  const { permissions } = parseConfig(text, path, ["permissions"]);
  return [layerOf(layer, path, permissions)];
}

/** A file that others than the administrator can write is nobody's rule. */
async function assertAdmins(path: string, { adminOwner = 0, adminRoot = "/" }: RulePlaces): Promise<void> {
  for (let at = path; ; at = dirname(at)) {
    const { uid, mode } = await lstat(at);
    const isLink = (mode & 0o170000) === 0o120000;
    if (uid !== adminOwner || (mode & 0o022) !== 0 || isLink) {
      const problem = isLink
        ? "is a link"
        : uid === adminOwner
          ? "can be written by others"
          : "is not root's";
      throw new TauError(
        "config.unsafe",
        `The administrator's rules in ${path} cannot be relied on: ${at} ${problem}. Nothing is run. Give it to root: chown root:root ${at} && chmod go-w ${at}`,
      );
    }
    if (at === adminRoot || at === "/") return;
  }
}

function toRule(entry: RuleEntry): string | PermissionRule {
  if (typeof entry === "string") return entry;
  const { rule, reason, match, not_match: notMatch } = entry;
  return {
    rule,
    ...(reason === undefined ? {} : { reason }),
    ...(match === undefined ? {} : { match }),
    ...(notMatch === undefined ? {} : { notMatch }),
  };
}

function toFlowRule({ not_match: notMatch, ...rule }: FlowEntry): FlowRule {
  return { ...rule, ...(notMatch === undefined ? {} : { notMatch }) };
}
