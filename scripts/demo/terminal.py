"""How things look: colours and moving bars on a terminal, plain lines elsewhere."""
import os
import shutil
import sys
import time

ON_TERMINAL = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
COLOURS = ON_TERMINAL and "NO_COLOR" not in os.environ
WIDTH = min(shutil.get_terminal_size((96, 24)).columns, 110) if ON_TERMINAL else 96


def style(text, *codes):
    return f"\033[{';'.join(codes)}m{text}\033[0m" if COLOURS else text


def bold(text):
    return style(text, "1")


def dim(text):
    return style(text, "2")


def green(text):
    return style(text, "32")


def accent(text):
    return style(text, "36")


def say(text=""):
    print(text, flush=True)


def title(text, note=""):
    say()
    say(bold(text) + (dim("  " + note) if note else ""))


def number(value):
    return f"{value:,}"


def money(value):
    return f"{value:,.2f}"


def bytes_text(value):
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024


def duration(seconds):
    """A time span as a person says it: 33 s, 12 min, 3.5 h, 2.1 days."""
    for unit, most, divisor in (("s", 120, 1), ("min", 7200, 60), ("h", 172800, 3600)):
        if seconds < most:
            value = seconds / divisor
            return f"{value:.0f} {unit}" if unit != "h" else f"{value:.1f} {unit}"
    return f"{seconds / 86400:.1f} days"


def bar(share, width):
    """A bar of the given share (0 to 1) of width cells, in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def wrapped(text, indent="  "):
    import textwrap
    say(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent))


def table(rows, header=None, indent="  ", align=None):
    """Aligned columns; numbers (and what align marks with >) to the right."""
    everything = ([header] if header else []) + rows
    widths = [max(len(str(row[i])) for row in everything) for i in range(len(everything[0]))]
    align = align or ">" * len(widths)

    def line(row):
        return indent + "  ".join(
            str(cell).rjust(w) if a == ">" else str(cell).ljust(w)
            for cell, w, a in zip(row, widths, align)).rstrip()

    if header:
        say(dim(line(header)))
    for row in rows:
        say(line(row))


class Progress:
    """A bar for one task. Elsewhere than on a terminal: a line now and then when it takes long."""

    CELLS = max(8, min(28, WIDTH - 66))
    SECONDS_BETWEEN_LINES = 5

    def __init__(self, label):
        self.label = label
        self.started = time.monotonic()
        self.drawn = self.started if not ON_TERMINAL else 0.0
        if ON_TERMINAL:
            sys.stdout.write(f"\r\033[K  {label} …")
            sys.stdout.flush()

    def show(self, done, total, rows):
        now = time.monotonic()
        share = done / total if total else 1.0
        if ON_TERMINAL and (now - self.drawn > 0.08):
            self.drawn = now
            rate = rows / max(now - self.started, 1e-6)
            filled = bar(share, self.CELLS).ljust(self.CELLS, "·")
            sys.stdout.write(f"\r\033[K  {self.label:<22} {accent(filled)} {share:4.0%}  "
                             f"{number(rows):>11} rows  {number(int(rate)):>9} rows/s")
            sys.stdout.flush()
        elif not ON_TERMINAL and now - self.drawn > self.SECONDS_BETWEEN_LINES:
            self.drawn = now
            say(f"  {self.label:<22} {share:4.0%}  {number(rows):>11} rows")

    def finish(self, rows, note=""):
        seconds = time.monotonic() - self.started
        if ON_TERMINAL:
            sys.stdout.write("\r\033[K")
        say(f"  {self.label:<22} {number(rows):>11} rows  {seconds:6.2f} s  "
            f"{number(int(rows / max(seconds, 1e-6))):>9} rows/s{'  ' + note if note else ''}")
        return seconds
