/**
 * What `python3 -I -B -c` runs: reads the script and its state from standard input, runs it in a folder of its own for
 * files, and ends its output with one line that begins with the marker and has what came of it, as JSON.
 */
export const pythonRunner = `
import base64, json, os, sys, tempfile, traceback
job = json.loads(sys.stdin.buffer.read())
marker, limit = job["marker"], job["maxFileBytes"]
folder = tempfile.mkdtemp(prefix="tau-python-")
os.environ["MPLBACKEND"] = "Agg"
os.environ["MPLCONFIGDIR"] = folder + "/.matplotlib"
os.makedirs(folder + "/out")
failed = False
scope = {"__name__": "__main__", "state": job["state"], "OUT": folder + "/out"}
try:
    exec(compile(job["code"], "script.py", "exec"), scope)
except SystemExit as end:
    failed = end.code not in (None, 0)
except BaseException:
    failed = True
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename != "script.py":
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)
end = {"failed": failed, "files": []}
try:
    plots = sys.modules.get("matplotlib.pyplot")
    if plots is not None:
        for number in plots.get_fignums():
            plots.figure(number).savefig(folder + "/out/figure-%d.png" % number)
    total = 0
    for name in sorted(os.listdir(folder + "/out")):
        path = folder + "/out/" + name
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        total += os.path.getsize(path)
        if total > limit:
            end["filesCut"] = True
            break
        with open(path, "rb") as file:
            end["files"].append({"name": name, "data": base64.b64encode(file.read()).decode()})
    end["state"] = json.loads(json.dumps(scope.get("state"), allow_nan=False))
except BaseException as error:
    end["problem"] = "%s: %s" % (type(error).__name__, error)
finally:
    import shutil
    shutil.rmtree(folder, ignore_errors=True)
sys.stdout.flush()
sys.stderr.flush()
sys.stdout.write("\\n" + marker + json.dumps(end) + "\\n")
sys.stdout.flush()
`;
