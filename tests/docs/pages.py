"""Whether every aggregate, window function and report has a page with a worked example and a truth table."""

import pathlib
import re

# The signature of a function on the page that is about it.
SIGNATURE = re.compile(r"^footfall\.(\w+)\(", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADINGS = {"worked example": re.compile(r"^##+ Worked example", re.MULTILINE),
            "truth table": re.compile(r"^##+ Truth table", re.MULTILINE)}

# Aggregates, window functions, and what is asked of a log of events; training is not a report.
FUNCTIONS = """
SELECT DISTINCT p.proname FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'footfall')
WHERE p.prokind IN ('a', 'w') OR p.proargnames[1] = 'events' AND p.proretset
    OR p.proname = 'create_segment'
ORDER BY 1"""


def check_pages(folder, functions):
    """Counts of functions whose page is and is not as it should be."""
    pages = {}
    for page in pathlib.Path(folder).glob("*.md"):
        text = page.read_text(encoding="utf-8")
        missing = [title for title, heading in HEADINGS.items() if not heading.search(text)]
        for fence in FENCE.findall(text):
            for name in SIGNATURE.findall(fence):
                if name not in pages or missing == []:
                    pages[name] = (page.name, missing)
    wrong = 0
    for name in functions:
        page, missing = pages.get(name, (None, ["page"]))
        if missing:
            wrong += 1
            print("FAILED footfall.%s has no %s%s" % (name, " and no ".join(missing), " on " + page if page else ""))
    print("pages of aggregates and reports: %d functions" % len(functions))
    return len(functions) - wrong, wrong + (not functions)
