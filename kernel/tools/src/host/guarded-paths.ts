import { join } from "node:path";

/**
 * Paths below a workspace that programs outside of the environment obey: whoever writes them runs code there.
 * Git runs hooks and configured commands; `.git/commondir` points Git at another configuration; editors run
 * tasks; Tau reads its own settings and permissions.
 */
export const defaultProtectedPaths: readonly string[] = [
  ".git/hooks",
  ".git/config",
  ".git/config.worktree",
  ".git/commondir",
  ".git/info/attributes",
  ".git/modules",
  ".tau",
  "tau.toml",
  ".vscode",
  ".idea",
  ".mcp.json",
];

const secretsOfHome: readonly string[] = [
  ".ssh",
  ".aws",
  ".azure",
  ".gnupg",
  ".kube",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".pgpass",
  ".my.cnf",
  ".git-credentials",
  ".vault-token",
  ".password-store",
  ".boto",
  ".s3cfg",
  ".docker/config.json",
  ".config/gh",
  ".config/hub",
  ".config/gcloud",
  ".config/git/credentials",
  ".config/op",
  ".config/rclone",
  ".config/google-chrome",
  ".config/chromium",
  ".mozilla",
  ".local/share/keyrings",
  ".cargo/credentials",
  ".cargo/credentials.toml",
  ".gem/credentials",
  ".terraform.d/credentials.tfrc.json",
  ".m2/settings.xml",
  ".gradle/gradle.properties",
  ".bash_history",
  ".zsh_history",
  ".claude",
  ".claude.json",
  ".codex",
  ".gemini",
];

const secretsOfSystem: readonly string[] = [
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/gshadow",
  "/etc/gshadow-",
  "/etc/sudoers",
  "/etc/sudoers.d",
  "/etc/ssh/ssh_host_rsa_key",
  "/etc/ssh/ssh_host_ecdsa_key",
  "/etc/ssh/ssh_host_ed25519_key",
  "/etc/ssl/private",
  "/etc/kubernetes",
];

/** Where programs keep credentials, as absolute paths: below `home`, and of the system. */
export function defaultSecretPaths(home: string): readonly string[] {
  return [...secretsOfHome.map((path) => join(home, path)), ...secretsOfSystem];
}

/** Whether a file of this name holds secrets by custom: `.env`, `.env.local`, `.envrc`, but not `.env.example`. */
export function isSecretFileName(name: string): boolean {
  return name.startsWith(".env") && !/\.(example|sample|template|dist|defaults|schema)$/.test(name);
}
