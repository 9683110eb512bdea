"""Replays a failing unit's steps and leaves out what the failure does not need (delta debugging)."""

import time

import sessions
from twin import Mismatch, Refused


def replay(twin, steps, isolation):
    """The mismatch's text, or nothing when the steps agree."""
    twin.reset(isolation)
    for step in steps:
        try:
            if isinstance(step, sessions.Interleaving):
                sessions.run(twin, step)
            else:
                twin.run(step)
        except Refused:
            continue
        except Mismatch as mismatch:
            return str(mismatch)
        except RuntimeError:
            continue  # a set-up statement whose own set-up was left out
    return ""


def first_line(text):
    return text.split("\n", 1)[0]


def shrink(twin, steps, isolation, seconds=40):
    """A short list of steps that still fails, and how. The text may differ from the first failure's."""
    end = time.monotonic() + seconds
    text = replay(twin, steps, isolation)
    if not text:
        return steps, "(the failure did not come again when its statements were replayed: a race)"
    size = max(len(steps) // 2, 1)
    while size >= 1 and time.monotonic() < end:
        start = 0
        while start < len(steps) and time.monotonic() < end:
            candidate = steps[:start] + steps[start + size:]
            again = replay(twin, candidate, isolation) if candidate else ""
            if again and kind_of(again) == kind_of(text):
                steps, text = candidate, again
            else:
                start += size
        size //= 2
    return steps, text


def kind_of(text):
    """Failures count as the same when they are of one sort: died, rows, tag, or these SQLSTATEs."""
    if "died" in text:
        return "died"
    if "subject: ERROR" in text or "  ERROR" in text:
        return text[text.index("ERROR"):][:11]
    return "rows"


def script(twin, steps, isolation):
    lines = ["SET default_transaction_isolation = '%s';  -- in every session; the schema work on search_path" % isolation]
    lines += [setting + ";  -- not on heap" for setting in twin.subject_settings]
    for step in steps:
        if isinstance(step, sessions.Interleaving):
            lines.append(step.script().replace("@subject ", "/* not on heap */ ") + ";")
            continue
        prefix = "/* session %d */ " % step.session if step.session else ""
        if step.subject_only:
            prefix += "/* not on heap */ "
        lines.append(prefix + twin.text(step, 0) + ";")
        if step.copy is not None:
            data = step.copy if len(step.copy) < 3000 else step.copy[:3000] + b"... (%d bytes)" % len(step.copy)
            lines.append(data.decode("utf-8", "backslashreplace") + "\\.")
    return "\n".join(lines)
