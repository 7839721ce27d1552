/** What Git is told in place of what a repository's own configuration says, and the variables it runs with. */

/** Settings that name a program, a file or a habit that a repository must not choose. */
const fixed: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.pager", "cat"],
  ["core.editor", "false"],
  ["core.askPass", "false"],
  ["core.sshCommand", "false"],
  ["core.gitProxy", ""],
  ["core.alternateRefsCommand", "true"],
  ["core.attributesFile", "/dev/null"],
  ["core.excludesFile", "/dev/null"],
  ["core.bare", "false"],
  ["core.quotePath", "false"],
  ["sequence.editor", "false"],
  ["credential.helper", ""],
  ["diff.external", "true"],
  ["diff.ignoreSubmodules", "all"],
  ["diff.submodule", "short"],
  ["status.submoduleSummary", "false"],
  ["submodule.recurse", "false"],
  ["fetch.recurseSubmodules", "false"],
  ["push.recurseSubmodules", "no"],
  ["push.followTags", "false"],
  ["interactive.diffFilter", "cat"],
  ["commit.gpgSign", "false"],
  ["tag.gpgSign", "false"],
  ["push.gpgSign", "false"],
  ["log.showSignature", "false"],
  ["merge.verifySignatures", "false"],
  ["gpg.program", "false"],
  ["gpg.openpgp.program", "false"],
  ["gpg.x509.program", "false"],
  ["gpg.ssh.program", "false"],
  ["gpg.ssh.defaultKeyCommand", "false"],
  ["gc.auto", "0"],
  ["gc.recentObjectsHook", "true"],
  ["maintenance.auto", "false"],
  ["blame.ignoreRevsFile", ""],
  ["diff.orderFile", "/dev/null"],
  ["mailmap.file", ""],
  ["mailmap.blob", ""],
  ["transfer.bundleURI", "false"],
  ["protocol.allow", "never"],
];

/** Whether a setting reads other files, so that what is listed may not be what counts. */
export function includesFiles(key: string): boolean {
  return /^include(?:if)?\./u.test(key);
}

/**
 * The harmless setting for a key with a name of the repository's choosing in it, such as `filter.x.clean`. The last
 * word decides, so that programs of sections that Git does not have yet are covered too.
 */
function harmlessSettings(key: string): readonly (readonly [string, string])[] {
  const [section = ""] = key.split(".", 1);
  const last = key.slice(key.lastIndexOf(".") + 1);
  const above = key.slice(0, key.lastIndexOf("."));
  if (section === "filter" && key !== "filter") {
    return [
      [`${above}.clean`, ""],
      [`${above}.smudge`, ""],
      [`${above}.process`, ""],
      [`${above}.required`, "false"],
    ];
  }
  if (section === "hook") {
    return [
      [`${above}.command`, "true"],
      [`${above}.enabled`, "false"],
    ];
  }
  if (section === "merge" && last === "driver") return [[key, "false"]];
  if (section === "protocol") return [[key, "never"]];
  if (section === "credential" && last === "helper") return [[key, ""]];
  if (programs.test(last) && !fixed.some(([name]) => name.toLowerCase() === key)) return [[key, "true"]];
  return [];
}

const programs =
  /(?:command|cmd|program|driver|textconv|hook|helper|editor|pager|browser|askpass|uploadpack|receivepack|vcs)$/u;

/** Settings as variables: unlike `-c`, they take keys with `=` in them, which a repository may choose. */
export function settingVariables(keys: readonly string[]): Readonly<Record<string, string>> {
  const settings = [...fixed, ...keys.flatMap(harmlessSettings)];
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: `${settings.length}` };
  for (const [index, [key, value]] of settings.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return variables;
}

/** Variables for every command, whatever it does. `protocols` are those by which it may reach another repository. */
export function gitVariables(protocols: readonly string[]): Readonly<Record<string, string>> {
  return {
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "false",
    SSH_ASKPASS: "false",
    GIT_EDITOR: "false",
    GIT_SEQUENCE_EDITOR: "false",
    GIT_PAGER: "cat",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
    GIT_SSH_VARIANT: "ssh",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    // An empty list would be one with an empty name in it, which is as good, but says less.
    GIT_ALLOW_PROTOCOL: protocols.length === 0 ? "none" : protocols.join(":"),
    GIT_PROTOCOL_FROM_USER: "0",
    LC_ALL: "C.UTF-8",
  };
}
