"""The benchmark's event log as a CSV file, made once for each number of rows and seed."""
import os
import subprocess
import sys
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def setting(name, default):
    return os.environ.get(name) or default


def shared():
    return os.path.join(ROOT, setting("FOOTFALL_SHARED", "../shared"))


def work_directory():
    work = os.path.abspath(setting("WORK", os.path.join(ROOT, "build", "bench")))
    os.makedirs(work, exist_ok=True)
    return work


def environment(work, *packages):
    """The interpreter of a Python environment that has the packages."""
    python = os.path.join(work, "venv", "bin", "python")
    if not os.path.exists(python):
        venv.create(os.path.join(work, "venv"), with_pip=True)
    probe = "import " + ", ".join(packages)
    if subprocess.run([python, "-c", probe], check=False, capture_output=True).returncode:
        print("installing into a Python environment: " + ", ".join(packages), flush=True)
        subprocess.run([python, "-m", "pip", "-q", "install", *packages], check=True)
    return python


def generated_log(rows, seed, work):
    target = os.path.join(work, f"events-{rows}-{seed}")
    if not os.path.exists(target + ".done"):
        generator = os.path.join(shared(), "bench", "generate_events.py")
        if not os.path.exists(generator):
            sys.exit(f"There is no {generator}: set FOOTFALL_SHARED to the directory that holds "
                     "bench/generate_events.py.")
        python = environment(work, "numpy", "pyarrow")
        print(f"generating {rows} rows with seed {seed}", flush=True)
        subprocess.run([python, generator, str(rows), str(seed), target], check=True)
        os.unlink(target + ".parquet")
        with open(target + ".done", "w", encoding="ascii"):
            pass
    return target + ".csv"
