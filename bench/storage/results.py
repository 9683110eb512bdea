"""The table of figures: what was measured, beside what is asked."""
import os
import platform


class Results:
    def __init__(self, rows, seed, version):
        self.command = f"ROWS={rows} SEED={seed} VERSION={version} bench/storage/run"
        self.rows, self.notes = [], []

    def add(self, what, footfall, heap, ratio, unit, at_least=None, at_most=None):
        asked = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
        met = ratio >= at_least if at_least is not None else ratio <= at_most
        row = (what, footfall, heap, f"{ratio:.2f} {unit}", asked, "yes" if met else "no")
        self.rows.append(row)
        print("  " + "  |  ".join(row), flush=True)

    def note(self, text):
        self.notes.append(text)
        print("  " + text, flush=True)

    def write(self, path):
        header = ("measure", "footfall", "heap", "ratio", "asked", "met")
        lines = ["# Storage", "", f"    {self.command}", "",
                 f"{platform.machine()}, {os.cpu_count()} cores. Both tables in the same run; "
                 "ratios compare, times of different machines do not. Memory is asked to stay "
                 "under work_mem (256 MB) + 256 MB.", ""]
        lines += ["| " + " | ".join(row) + " |"
                  for row in [header, ["---"] * len(header)] + self.rows]
        lines += [""] + self.notes
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines).rstrip() + "\n")
        print(f"written to {path}", flush=True)
