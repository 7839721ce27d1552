/**
 * What Node runs to search where there is no ripgrep; its last argument is a query as JSON.
 *
 * A process of its own inside of the environment: it reads what commands may read, and no pattern keeps Tau busy, because
 * a process can be ended. Written as text, since an environment need not show Tau's own files. Says what ripgrep says,
 * record by record, and leaves out what ripgrep leaves out: what .gitignore, .ignore and .rgignore name, here and above,
 * hidden files, symlinks, and binary files.
 */
export const searchProgram: string = String.raw`
const fs = require("node:fs");
const { basename, dirname, join, relative } = require("node:path");
const { root, hidden, wholeNames, content, types, maxLineBytes, maxFileBytes } = JSON.parse(process.argv.at(-1));
const errors = [];
let found = false;
let buffer = [];
let buffered = 0;
function flush() {
  let data = Buffer.concat(buffer);
  [buffer, buffered] = [[], 0];
  while (data.length > 0) {
    try { data = data.subarray(fs.writeSync(1, data)); }
    catch (error) {
      if (error.code === "EPIPE") process.exit(0);
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
function say(text) {
  found = true;
  const data = Buffer.from(text);
  buffer.push(data);
  buffered += data.length;
  if (buffered > 16384) flush();
}
function attempt(path, run, missing) {
  try { return run(); }
  catch (error) {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") errors.push(path + ": " + error.message);
    return missing;
  }
}

function globSource(glob) {
  const letters = Array.from(glob);
  let source = "";
  let braces = 0;
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at];
    if (letter === "*") {
      let stars = 1;
      while (letters[at + 1] === "*") { stars++; at++; }
      const starts = at - stars < 0 || letters[at - stars] === "/";
      if (stars === 2 && starts && letters[at + 1] === "/") { source += "(?:.*/)?"; at++; }
      else if (stars === 2 && starts && at === letters.length - 1) source += ".*";
      else source += "[^/]*";
    } else if (letter === "?") source += "[^/]";
    else if (letter === "[") {
      const negated = letters[at + 1] === "!" || letters[at + 1] === "^";
      const end = letters.indexOf("]", at + (negated ? 3 : 2));
      if (end < 0) return undefined;
      const members = letters.slice(at + (negated ? 2 : 1), end).map((one) => one === "-" ? "-" : literal(one)).join("");
      source += "[" + (negated ? "^" : "") + members + "]";
      at = end;
    } else if (letter === "{") { braces++; source += "(?:"; }
    else if (letter === "}") { if (--braces < 0) return undefined; source += ")"; }
    else if (letter === "," && braces > 0) source += "|";
    else if (letter === "\\") { if (++at === letters.length) return undefined; source += literal(letters[at]); }
    else source += literal(letter);
  }
  return braces === 0 ? source : undefined;
}
function literal(letter) { return /^[a-z0-9_]$/i.test(letter) ? letter : "\\u{" + letter.codePointAt(0).toString(16) + "}"; }
function toGlob(glob) {
  const source = globSource(glob);
  try { return source === undefined ? undefined : new RegExp("^(?:" + source + ")$", "su"); } catch { return undefined; }
}

const maxRulesBytes = 1048576;
/** The text of a file of rules; of what is no file, such as a named pipe, or larger than rules are, nothing. */
function readable(file) {
  let handle;
  try {
    handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const found = fs.fstatSync(handle);
    return found.isFile() && found.size <= maxRulesBytes ? fs.readFileSync(handle, "utf8") : "";
  } catch { return ""; } finally { if (handle !== undefined) fs.closeSync(handle); }
}
function rulesIn(file) {
  return readable(file).split("\n").flatMap((raw) => {
    let line = raw.replace(/^\uFEFF/, "");
    if (line.startsWith("#")) return [];
    if (!line.endsWith("\\ ")) line = line.trimEnd();
    if (line === "") return [];
    const shows = line.startsWith("!");
    if (shows) line = line.slice(1);
    else if (/^\\[!#]/.test(line)) line = line.slice(1);
    const anchored = line.startsWith("/");
    if (anchored) line = line.slice(1);
    const foldersOnly = line.endsWith("/");
    if (foldersOnly) line = line.slice(0, -1).replace(/\\$/, "");
    if (!anchored && !line.includes("/") && !line.startsWith("**/")) line = "**/" + line;
    if (line.endsWith("/**")) line += "/*";
    const glob = line === "**/" ? /^/ : toGlob(line);
    return glob === undefined ? [] : [{ shows, foldersOnly, glob }];
  }).reverse();
}
function lastOf(rules, folder, path, isFolder) {
  const name = relative(folder, path);
  const rule = rules.find((one) => (isFolder || !one.foldersOnly) && one.glob.test(name));
  return rule === undefined ? undefined : rule.shows ? "show" : "hide";
}
const kinds = [".rgignore", ".ignore", ".gitignore", ".git/info/exclude"];
function levelOf(folder, parent) {
  return { folder, parent, rules: kinds.map((kind) => rulesIn(join(folder, kind))) };
}
/** Of a person: core.excludesFile of Git, or the file that it looks for. */
function personsFile() {
  const home = process.env.HOME ?? "/";
  const settings = process.env.XDG_CONFIG_HOME || join(home, ".config");
  for (const file of [join(home, ".gitconfig"), join(settings, "git/config")]) {
    const named = /^\s*excludesfile\s*=\s*"?\s*(\S+?)\s*"?\s*$/im.exec(readable(file))?.[1];
    if (named !== undefined) return named.replace(/^~\//, home + "/");
  }
  return join(settings, "git/ignore");
}
const personsRules = rulesIn(personsFile());
function judged(level, path, isFolder) {
  const said = kinds.map(() => undefined);
  for (let at = level; at !== undefined; at = at.parent) {
    for (let kind = 0; kind < kinds.length; kind++) {
      if (said[kind] === undefined && at.rules[kind].length > 0)
        said[kind] = lastOf(at.rules[kind], at.folder, path, isFolder);
    }
  }
  return said.find((one) => one !== undefined) ?? lastOf(personsRules, process.cwd(), path, isFolder);
}
const typeGlobs = types?.map(toGlob);
function isLeftOut(level, path, isFolder) {
  const name = basename(path);
  if (hidden && name === ".git") return true;
  if (wholeNames && name.includes("\n")) return true;
  const said = judged(level, path, isFolder);
  if (said === "hide") return true;
  const isOfType = !isFolder && typeGlobs?.some((glob) => glob.test(name));
  if (!isFolder && typeGlobs !== undefined && !isOfType) return true;
  return !hidden && name.startsWith(".") && said === undefined && isOfType !== true;
}
function walk(folder, parent) {
  const level = levelOf(folder, parent);
  const entries = attempt(folder, () => fs.readdirSync(folder, { withFileTypes: true }), []);
  const names = entries.map((entry) => ({ entry, bytes: Buffer.from(entry.name) }));
  names.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  for (const { entry } of names) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() && !entry.isFile()) continue;
    if (isLeftOut(level, path, entry.isDirectory())) continue;
    if (entry.isDirectory()) walk(path, level);
    else visit(path, false);
  }
}
function above(folder) {
  return levelOf(folder, dirname(folder) === folder ? undefined : above(dirname(folder)));
}

let pattern;
let line;
function compile() {
  try {
    pattern = new RegExp(content.source, content.flags + "g");
    line = new RegExp(content.source, content.flags);
    line.test("");
  } catch (error) { throw new Error("the regex could not be compiled: " + error.message); }
}
function visit(path, isNamed) {
  if (content === undefined) return say(path + "\0");
  const text = attempt(path, () => textOf(path, isNamed), undefined);
  if (text === undefined) return;
  if (content.sameInText && !line.test(text)) return;
  if (content.shows === "files") {
    if (content.multiline ? line.test(text) : linesOf(text).some((one) => line.test(one))) say(path + "\0");
  } else if (content.shows === "counts") {
    const count = (content.multiline ? [text] : linesOf(text)).reduce((sum, one) => sum + matchesIn(one).length, 0);
    if (count > 0) say(path + "\0" + count + "\n");
  } else show(path, text);
}
function linesOf(text) {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
/** An empty match right behind another one is none. */
function matchesIn(text) {
  const matches = [];
  let end = -1;
  for (const match of text.matchAll(pattern)) {
    if (match[0] === "" && match.index === end) continue;
    end = match.index + match[0].length;
    matches.push([match.index, end]);
  }
  return matches;
}
function textOf(path, isNamed) {
  const handle = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW);
  let data;
  try {
    const { size } = fs.fstatSync(handle);
    if (size > maxFileBytes) { errors.push(path + ": larger than " + maxFileBytes + " bytes"); return undefined; }
    data = fs.readFileSync(handle);
  } finally { fs.closeSync(handle); }
  if (data[0] === 0xff && data[1] === 0xfe) return new TextDecoder("utf-16le").decode(data);
  if (data[0] === 0xfe && data[1] === 0xff) return new TextDecoder("utf-16be").decode(data);
  const zero = data.indexOf(0);
  if (zero >= 0) {
    if (isNamed) return content.shows === "lines" ? undefined : new TextDecoder().decode(data);
    if (zero < 65536 || content.shows === "counts" || content.multiline) return undefined;
    data = data.subarray(0, data.lastIndexOf(10, zero - (zero % 65536)) + 1);
  }
  return new TextDecoder().decode(data);
}
function matchedLines(text, lines) {
  if (!content.multiline) return new Set(lines.flatMap((one, index) => line.test(one) ? [index] : []));
  const starts = [];
  let offset = 0;
  for (const one of lines) { starts.push(offset); offset += one.length + 1; }
  const matched = new Set();
  let at = 0;
  for (const [from, to] of matchesIn(text)) {
    while (at + 1 < starts.length && starts[at + 1] <= from) at++;
    if (from >= offset) continue;
    for (let index = at; index < starts.length && (index === at || starts[index] < to); index++) matched.add(index);
  }
  return matched;
}
function show(path, text) {
  const lines = linesOf(text);
  const matched = matchedLines(text, lines);
  let shown = -1;
  for (const index of [...matched].sort((a, b) => a - b)) {
    for (let at = Math.max(shown + 1, index - content.context); at <= Math.min(lines.length - 1, index + content.context); at++) {
      const mark = matched.has(at) ? ":" : "-";
      say(path + "\0" + (at + 1) + mark + clipped(lines[at]) + "\n");
      shown = at;
    }
  }
}
const segmenter = new Intl.Segmenter();
function clipped(text) {
  if (text.length * 3 <= maxLineBytes || Buffer.byteLength(text) <= maxLineBytes) return text;
  let end = 0;
  let count = 0;
  for (const { index, segment } of segmenter.segment(text.slice(0, 50 * maxLineBytes))) {
    if (count++ === maxLineBytes) break;
    end = index + segment.length;
  }
  return text.slice(0, end) + " [... omitted end of long line]";
}

try {
  if (content !== undefined) compile();
  if (fs.statSync(root).isDirectory()) walk(root, dirname(root) === root ? undefined : above(dirname(root)));
  else visit(root, true);
  flush();
} catch (error) { errors.push(error.message); }
if (errors.length > 0) process.stderr.write(errors.slice(0, 20).join("\n"));
process.exitCode = errors.length > 0 ? 2 : found ? 0 : 1;
`;
