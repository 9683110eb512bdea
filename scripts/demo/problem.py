"""What is wrong with the input, said to a person: what, where, and how to mend it."""


class Problem(Exception):
    """Ends the demo with a message instead of a traceback."""

    def __init__(self, what, mend=None):
        super().__init__(what)
        self.what = what
        self.mend = mend
