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
