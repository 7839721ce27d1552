import type { EnvironmentProfile, NetworkAccess } from "../environment.ts";
import { defaultProtectedPaths, defaultSecretPaths } from "../host/guarded-paths.ts";
import type { PermissionRule, PermissionRules } from "./rule.ts";

/** Files that hold secrets by custom, wherever they lie: what `isSecretFileName` says, as a pattern. */
const secretFiles = "**/.env* except **/.env*.{example,sample,template,dist,defaults,schema}";

/** Files that steer agents, or that Git runs: changing them is sometimes the task, so a person is asked. */
const steeringPaths = ["**/AGENTS.md", "**/CLAUDE.md", "**/GEMINI.md", ".claude", ".husky"];

/** Builtins that touch nothing. */
const harmlessCommands = [
  "cd *",
  "echo *",
  "printf *",
  "pwd",
  "true",
  "false",
  ":",
  "test *",
  "[ *",
  "exit *",
];

/** Options of {@link profileRules}. */
export interface ProfileOptions {
  readonly profile: EnvironmentProfile["access"];
  /** Which connections are part of the profile. */
  readonly network: NetworkAccess;
  /** The folder whose credentials are guarded; absolute. */
  readonly home: string;
  /** Relative to the workspace: what is written although the profile is read-only. */
  readonly planFolder?: string;
  /** Whether writing the workspace is not part of the profile: each change is looked at. */
  readonly review: boolean;
}

/** The rules that a profile stands for, in the same words as a person's. */
export function profileRules({
  profile,
  network,
  home,
  review,
  planFolder,
}: ProfileOptions): PermissionRules {
  if (profile === "full") return { allow: ["*"] };

  const commands = harmlessCommands.map((command) => `bash(${command})`);
  const allow = ["read(**)", "job_kill", ...connections(network), ...commands];
  const secrets = [secretFiles, "/proc/*/environ", ...defaultSecretPaths(home)].flatMap((path) => [
    forbid(
      `read(${path})`,
      "It may hold credentials: work without it, or ask the person for the one value you need.",
    ),
    forbid(`write(${path})`, "It may hold credentials: tell the person what to put there."),
  ]);
  if (profile === "read-only") {
    const readOnly =
      "The profile is read-only: describe the change instead, or ask for the profile workspace-write.";
    if (planFolder === undefined) return { deny: [...secrets, forbid("write", readOnly)], allow };
    const plan = `${planFolder}/**`;
    return {
      deny: [...secrets, forbid(`write(/** except ${plan})`, `${readOnly} The plan goes to ${planFolder}.`)],
      allow: [...allow, `write(${plan})`],
    };
  }

  const changes = "It decides what other programs run: tell the person what to change.";
  return {
    deny: [...secrets, ...defaultProtectedPaths.map((path) => forbid(`write(**/${path})`, changes))],
    ask: steeringPaths.map((path) => ({
      rule: `write(${path})`,
      reason: "It steers agents, or Git runs it.",
    })),
    allow: review ? allow : [...allow, "write(**)"],
  };
}

function connections(network: NetworkAccess): readonly string[] {
  if (typeof network === "boolean") return network ? ["network"] : [];
  return network.hosts.map((host) => `network(${host})`);
}

function forbid(rule: string, reason: string): PermissionRule {
  return { rule, reason };
}
