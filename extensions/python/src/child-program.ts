/**
 * What the process runs that runs Python. It gets one job, and answers once.
 *
 * Python in WebAssembly has no files and no sockets but those that JavaScript gives it. Here JavaScript has none to
 * give: the process may read nothing but Pyodide's own folder and start nothing (`--permission`), makes no code from
 * text (`--disallow-code-generation-from-strings`), so that no JavaScript can be had from Python, shows Python an
 * empty global object, and has its sockets taken out before Python begins. It has no variables and no secrets.
 */
export const childProgram = `
import dgram from "node:dgram";
import dns from "node:dns";
import { constants } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
const none = () => { throw new Error("There is no network."); };
net.Socket.prototype.connect = none;
net.Server.prototype.listen = none;
dgram.Socket.prototype.send = none;
dgram.Socket.prototype.bind = none;
dgram.Socket.prototype.connect = none;
for (const name of Object.keys(dns)) if (typeof dns[name] === "function") dns[name] = none;
for (const name of Object.keys(dns.promises)) if (typeof dns.promises[name] === "function") dns.promises[name] = none;
syncBuiltinESMExports();

process.once("message", async (job) => {
  const printed = [];
  let printedChars = 0;
  const print = (text) => {
    if ((printedChars += text.length + 1) <= job.maxPrintedChars) printed.push(text);
  };
  try {
    limitMemory(job.memoryBytes);
    // Pyodide asks for the numbers of file flags, which the permissions hide.
    process.binding = (name) => name === "constants" ? { fs: constants } : none();
    const { loadPyodide } = await import(job.pyodide);
    const python = await loadPyodide({ jsglobals: {}, env: { HOME: "/home", MPLBACKEND: "Agg" }, fullStdLib: false });
    for (const name of ["binding", "getBuiltinModule", "dlopen", "kill", "_linkedBinding", "mainModule"]) process[name] = undefined;
    for (const name of ["fetch", "WebSocket", "EventSource", "BroadcastChannel", "Worker", "navigator", "require"]) delete globalThis[name];
    python.setStdout({ batched: print });
    python.setStderr({ batched: print });
    python.globals.set("_job", JSON.stringify({ code: job.code, state: job.state }));
    const end = JSON.parse(python.runPython(job.runner));
    const files = [];
    let total = 0;
    let filesCut = false;
    for (const name of python.FS.readdir("/out").filter((one) => one !== "." && one !== "..").sort()) {
      const { mode, size } = python.FS.lstat("/out/" + name);
      if (!python.FS.isFile(mode)) continue;
      if ((total += size) > job.maxFileBytes) { filesCut = true; break; }
      files.push({ name, data: Buffer.from(python.FS.readFile("/out/" + name)).toString("base64") });
    }
    process.send({ ...end, files, filesCut, printed: printed.join("\\n") }, () => process.exit());
  } catch (error) {
    process.send({ failed: true, files: [], printed: printed.join("\\n"), problem: String(error?.message ?? error).slice(0, 1000) }, () => process.exit());
  }
});

function limitMemory(bytes) {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65536 > bytes) throw new RangeError("The memory of scripts is " + bytes + " bytes.");
    return grow.call(this, pages);
  };
}
`;

/** What Python runs around the script. */
export const runner = `
import json as _json, os as _os, sys as _sys, traceback as _traceback
_given = _json.loads(_job)
del _job
_os.makedirs("/out", exist_ok=True)
_scope = {"__name__": "__main__", "state": _given["state"], "OUT": "/out"}
_end = {"failed": False}
try:
    exec(compile(_given["code"], "script.py", "exec"), _scope)
except SystemExit as _exit:
    _end["failed"] = _exit.code not in (None, 0)
except BaseException:
    _end["failed"] = True
    _kind, _error, _trace = _sys.exc_info()
    while _trace is not None and _trace.tb_frame.f_code.co_filename != "script.py":
        _trace = _trace.tb_next
    _traceback.print_exception(_kind, _error, _trace)
try:
    _end["state"] = _json.loads(_json.dumps(_scope.get("state"), allow_nan=False))
except BaseException as _error:
    _end["problem"] = "%s: %s" % (type(_error).__name__, _error)
_sys.stdout.flush()
_sys.stderr.flush()
_json.dumps(_end)
`;
