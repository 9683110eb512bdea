"""Tables in Markdown and charts in SVG."""
import math
import os
import platform

COLORS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#e45756", "#72b7b2")


class Table:
    def __init__(self, title, caption, header):
        self.title, self.caption, self.rows = title, caption, []
        self.header = tuple(str(h) for h in header)

    def add(self, *cells):
        self.rows.append(tuple(str(c) for c in cells))
        print("  " + "  |  ".join(self.rows[-1]), flush=True)

    def text(self):
        lines = [f"## {self.title}", "", self.caption + ".", ""]
        lines += ["| " + " | ".join(row) + " |" for row in [self.header, ("---",) * len(self.header)] + self.rows]
        return "\n".join(lines)


class Report:
    def __init__(self, command, directory):
        self.command, self.directory = command, directory
        self.tables, self.notes, self.charts, self.verdicts = [], [], [], []
        os.makedirs(directory, exist_ok=True)

    def table(self, title, caption, header):
        self.tables.append(Table(title, caption, header))
        print(f"{title}: {' | '.join(self.tables[-1].header)}", flush=True)
        return self.tables[-1]

    def note(self, text):
        self.notes.append(text)
        print("  " + text, flush=True)

    def verdict(self, met, asked):
        """Whether what is asked was met: counted, and noted."""
        self.verdicts.append(met)
        self.note(("met: " if met else "NOT MET: ") + asked)

    def write(self, name):
        lines = ["# " + name.split(".")[0].capitalize(), "", f"    {self.command}", "",
                 f"{platform.machine()}, {os.cpu_count()} cores. All sides in the same run; ratios compare, times of different "
                 "machines do not.", ""] + ["\n\n".join(t.text() for t in self.tables), ""] + ["- " + note for note in self.notes]
        lines += ["", *(f"![{c}]({c})" for c in self.charts)]
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines).rstrip() + "\n")
        print(f"written to {path}", flush=True)

    def _svg(self, name, width, height, body):
        self.charts.append(name)
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as out:
            out.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">\n'
                      f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n")

    def bars(self, name, title, ratios, marks):
        """A bar for each engine and query, on a logarithmic scale from a tenth to a thousand times."""
        sides = [s for s in next(iter(ratios.values())) if s != "heap"]
        left, top, wide, bar = 190, 46, 640, 11
        group = bar * len(sides) + 8

        def x(value):
            return left + wide * (math.log10(min(max(value, 0.1), 1000)) + 1) / 4

        height = top + group * len(ratios) + 20
        body = [f'<text x="{left}" y="18" font-size="14">{title} (| what is asked)</text>']
        for power in range(-1, 4):
            at = x(10.0**power)
            body.append(f'<line x1="{at:.1f}" y1="{top - 6}" x2="{at:.1f}" y2="{height - 16}" stroke="#ddd"/>'
                        f'<text x="{at:.1f}" y="{height - 4}" text-anchor="middle">{10.0**power:g}×</text>')
        for n, side in enumerate(sides):
            body.append(f'<rect x="{left + n * 110}" y="26" width="10" height="10" fill="{COLORS[n]}"/>'
                        f'<text x="{left + 14 + n * 110}" y="35">{side}</text>')
        for row, (query, values) in enumerate(ratios.items()):
            y = top + row * group
            body.append(f'<text x="{left - 8}" y="{y + group / 2 + 1:.1f}" text-anchor="end">{query}</text>')
            for n, side in enumerate(sides):
                start, end = sorted((x(1), x(values[side])))
                body.append(f'<rect x="{start:.1f}" y="{y + n * bar}" width="{max(end - start, 1):.1f}" height="{bar - 1}" fill="{COLORS[n]}"/>'
                            f'<text x="{end + 4:.1f}" y="{y + n * bar + 9}" font-size="9">{values[side]:.3g}</text>')
            if query in marks:
                at = x(marks[query])
                body.append(f'<line x1="{at:.1f}" y1="{y - 2}" x2="{at:.1f}" y2="{y + bar * len(sides)}" stroke="#000" stroke-width="2"/>')
        self._svg(name, left + wide + 60, height, body)

    def lines(self, name, across, up, series):
        """Lines through points, both axes from nought."""
        left, top, wide, tall = 70, 30, 560, 320
        most_x = max(x for points in series.values() for x, _ in points) or 1
        most_y = max(y for points in series.values() for _, y in points) * 1.08 or 1
        body = []
        for step in range(6):
            y = top + tall - tall * step / 5
            x = left + wide * step / 5
            body.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + wide}" y2="{y:.1f}" stroke="#ddd"/>'
                        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{most_y * step / 5:.3g}</text>'
                        f'<text x="{x:.1f}" y="{top + tall + 16}" text-anchor="middle">{most_x * step / 5:.3g}</text>')
        body.append(f'<text x="{left + wide / 2}" y="{top + tall + 34}" text-anchor="middle">{across}</text>'
                    f'<text x="{left}" y="18">{up}</text>')
        for n, (label, points) in enumerate(series.items()):
            path = " ".join(f"{left + wide * x / most_x:.1f},{top + tall - tall * y / most_y:.1f}" for x, y in sorted(points))
            color = COLORS[n % len(COLORS)]
            body.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
                        f'<text x="{left + wide + 8}" y="{top + 14 + n * 16}" fill="{color}">{label}</text>')
        self._svg(name, left + wide + 150, top + tall + 44, body)
