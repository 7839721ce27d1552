const allowed: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "TMPDIR",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
]);

/** Variables of `source` that a command may see: an allowlist, so that new kinds of secrets stay out too. */
export function commandVariables(
  source: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && (allowed.has(name) || name.startsWith("LC_"))) variables[name] = value;
  }
  // A bash whose input is a socket, as Node makes them, takes itself for a remote login and runs `~/.bashrc`, unless
  // it is a shell in a shell.
  return { PATH: "/usr/local/bin:/usr/bin:/bin", SHLVL: "1", ...variables };
}

/** Where commands with these variables look for programs. An empty entry is the folder they run in. */
export function programPathOf({
  PATH = "",
}: Readonly<Record<string, string | undefined>>): readonly string[] {
  return PATH.split(":").map((entry) => (entry === "" ? "." : entry));
}
