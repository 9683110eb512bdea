"""What the demo makes of a file: formats, columns, types, and what it says when something is wrong."""
import gzip
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import columns  # noqa: E402
from periods import fitting  # noqa: E402
from problem import Problem  # noqa: E402
from source import Source  # noqa: E402
from staging import stage  # noqa: E402

EVENTS = """event_time,event_type,product_id,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,44,shiseido,35.79,541312140,72d76fde-8bb3-4e00-8c23-a032dfed738c
2019-10-01 00:00:01 UTC,cart,44,,35.79,541312140,72d76fde-8bb3-4e00-8c23-a032dfed738c
2019-10-01 00:00:09 UTC,purchase,44,"a ""b"", c",35.79,541312140,72d76fde-8bb3-4e00-8c23-a032dfed738c
"""


class InputTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def write(self, content, name="events.csv"):
        path = os.path.join(self.directory.name, name)
        data = content if isinstance(content, bytes) else content.encode()
        with (gzip.open if name.endswith(".gz") else open)(path, "wb") as out:
            out.write(data)
        return path

    def staged(self, content, mapping="", name="events.csv"):
        roles, _ = columns.parse_map(mapping)
        target = os.path.join(self.directory.name, "staged")
        staged = stage(Source(self.write(content, name)), roles, target, lambda *_: None)
        with open(target, encoding="utf-8", newline="") as out:
            self.text = out.read()
        return staged

    def complaint(self, content, mapping="", name="events.csv"):
        with self.assertRaises(Problem) as caught:
            self.staged(content, mapping, name)
        return f"{caught.exception.what} {caught.exception.mend}"


class FormatTest(InputTest):
    def test_csv_with_usual_names(self):
        staged = self.staged(EVENTS)
        self.assertEqual(staged.names, ["ts", "customer_id", "event_type", "session_id",
                                        "product_id", "price", "brand"])
        self.assertEqual(staged.types, ["timestamptz", "bigint", "text", "uuid", "bigint",
                                        "numeric", "text"])
        self.assertEqual(staged.rows, 3)
        self.assertEqual(staged.event_values, {"view", "cart", "purchase"})
        self.assertIn(',"a ""b"", c"\n', self.text)

    def test_compressed_with_byte_order_mark_and_windows_lines(self):
        content = b"\xef\xbb\xbf" + EVENTS.replace("\n", "\r\n").encode()
        self.assertEqual(self.staged(content, name="events.csv.gz").rows, 3)

    def test_semicolons_and_tabs(self):
        for separator in ";\t|":
            staged = self.staged(f"time{separator}user\n2026-01-01{separator}7\n")
            self.assertEqual(staged.names, ["ts", "customer_id"])

    def test_blanks_between_columns(self):
        staged = self.staged(" customer_id  date number_of_cds  dollar_value\r\n"
                             " 00001 19970101  1   11.77\r\n 00002 19970112  2   12.00\r\n")
        self.assertEqual(staged.names, ["ts", "customer_id", "quantity", "amount"])
        self.assertEqual(staged.types, ["timestamptz", "text", "integer", "numeric"])
        self.assertEqual(self.text, "1997-01-01,00001,1,11.77\n1997-01-12,00002,2,12.00\n")

    def test_no_header(self):
        content = "7,2026-01-01 10:00,5.50\n8,2026-01-02 11:00,6\n"
        self.assertIn("no header", self.complaint(content))
        staged = self.staged(content, "customer_id=1 ts=2 amount=3")
        self.assertEqual(staged.rows, 2)
        self.assertEqual(staged.names, ["ts", "customer_id", "amount"])

    def test_json_lines(self):
        staged = self.staged('{"ts": "2026-01-01T10:00:00Z", "userId": 7, "event": "view"}\n\n'
                             '{"ts": "2026-01-01T10:01:00Z", "userId": 8, "event": "buy", '
                             '"price": 1.10, "tags": {"a": [1.5, null]}, "ok": true}\n',
                             name="log.jsonl")
        self.assertEqual(staged.names, ["ts", "customer_id", "event_type", "price", "tags", "ok"])
        self.assertEqual(self.text, "2026-01-01T10:00:00Z,7,view,,,\n"
                         '2026-01-01T10:01:00Z,8,buy,1.10,"{""a"": [1.5, null]}",true\n')

    def test_times(self):
        for written, meant in (("1767225600", "2026-01-01 00:00:00+00:00"),
                               ("1767225600123", "2026-01-01 00:00:00.123000+00:00"),
                               ("20260101", "2026-01-01"),
                               ("31.01.2026 12:30", "2026-01-31 12:30:00"),
                               ("1/31/2026 9:05", "2026-01-31 09:05:00"),
                               ("2026-01-31T12:30:00.5+02:00", "2026-01-31T12:30:00.5+02:00")):
            self.staged(f"ts,user\n{written},1\n")
            self.assertEqual(self.text, f"{meant},1\n")

    def test_types(self):
        staged = self.staged("ts,user,small,large,huge,code,mixed,fraction,nothing\n"
                             "2026-01-01,a,1,3000000000,99999999999999999999,007,1,1.5,\n"
                             "2026-01-01,b,-2,1,1,1,x,2,\n")
        self.assertEqual(staged.types, ["timestamptz", "text", "integer", "bigint", "numeric",
                                        "text", "text", "numeric", "text"])

    def test_map_wins_over_usual_names(self):
        staged = self.staged("ts,stamp,who,user_id\n1,2026-01-01,a,b\n",
                             "ts=stamp customer_id=who")
        self.assertEqual(staged.names, ["ts", "customer_id", "ts_2", "user_id"])

    def test_a_type_that_changes_late(self):
        rows = "".join(f"2026-01-01,{n},1\n" for n in range(12_000))
        staged = self.staged("ts,user,x\n" + rows + "2026-01-01,u-1,1.5\n")
        self.assertEqual(staged.types, ["timestamptz", "text", "numeric"])


class ComplaintTest(InputTest):
    def test_missing_columns(self):
        text = self.complaint("ts,price\n2026-01-01,1\n")
        self.assertIn("customer_id", text)
        self.assertIn("ts, price", text)

    def test_bad_time_names_line_and_column(self):
        text = self.complaint("when,user\n2026-01-01,1\n2026-13-01,2\n", "ts=when")
        self.assertIn("line 3, column when", text)
        self.assertIn("2026-13-01", text)

    def test_bad_time_in_the_first_line(self):
        text = self.complaint("ts,user\nyesterday,1\n2026-01-01,2\n2026-01-02,2\n")
        self.assertIn("line 2, column ts", text)

    def test_bad_time_in_a_later_batch(self):
        rows = "".join("2026-01-01,1\n" for _ in range(7_000))
        self.assertIn("line 7002, column ts", self.complaint("ts,user\n" + rows + "soon,1\n"))

    def test_bad_number(self):
        text = self.complaint('ts,user,price\n2026-01-01,1,"1,234.50"\n')
        self.assertIn("line 2, column price", text)
        self.assertIn("1234.50", text)
        self.assertIn("12.50", self.complaint("ts;user;price\n2026-01-01;1;12,50 €\n"))

    def test_missing_value(self):
        text = self.complaint("ts,user\n2026-01-01,1\n2026-01-01,\n")
        self.assertIn("line 3, column user", text)

    def test_ragged_line(self):
        self.assertIn("line 3: 3 columns", self.complaint("ts,user\n2026-01-01,1\n2026-01-01,1,2\n"))

    def test_line_numbers_count_quoted_lines(self):
        text = self.complaint('ts,user,note\n2026-01-01,1,"a\nb\nc"\nx,1,y\n')
        self.assertIn("line 5, column ts", text)

    def test_open_quote(self):
        self.assertIn("line 3", self.complaint('ts,user\n2026-01-01,1\n2026-01-01,"1\n'))

    def test_not_utf8(self):
        text = self.complaint("ts,user,x\n2026-01-01,1,a\n2026-01-01,1,é\n".encode("latin-1"))
        self.assertIn("line 3", text)
        self.assertIn("iconv", text)

    def test_nul_byte(self):
        text = self.complaint("ts,user,x\n2026-01-01,1,a\0b\n")
        self.assertIn("line 2", text)

    def test_broken_json(self):
        text = self.complaint('{"ts": "2026-01-01", "user": 1}\n{"ts": \n', name="a.jsonl")
        self.assertIn("line 2", text)

    def test_json_array(self):
        self.assertIn("jq", self.complaint('[{"ts": 1}]', name="a.json"))

    def test_empty_files(self):
        self.assertIn("is empty", self.complaint(""))
        self.assertIn("no rows", self.complaint("ts,user\n"))

    def test_broken_gzip(self):
        path = self.write(EVENTS, "a.csv.gz")
        with open(path, "r+b") as out:
            out.truncate(60)
        with self.assertRaises(Problem):
            stage(Source(path), {}, os.path.join(self.directory.name, "s"), lambda *_: None)

    def test_map(self):
        for mapping, said in (("ts", "form"), ("when=ts", "no role"), ("ts=nothing", "no column"),
                              ("ts=event_time ts=brand", "twice"),
                              ("ts=event_time customer_id=event_time", "two roles")):
            self.assertIn(said, self.complaint(EVENTS, mapping))


class StepsTest(unittest.TestCase):
    def test_usual_event_names(self):
        steps = columns.event_steps({"Product Viewed", "add-to-cart", "Order Completed", "x"}, {})
        self.assertEqual(steps, {"view": ["Product Viewed"], "cart": ["add-to-cart"],
                                 "purchase": ["Order Completed"]})

    def test_mapped_event_names(self):
        _, events = columns.parse_map("view=seen,looked purchase=paid")
        steps = columns.event_steps({"seen", "looked", "paid"}, events)
        self.assertEqual(steps, {"view": ["seen", "looked"], "cart": [], "purchase": ["paid"]})
        with self.assertRaises(Problem):
            columns.event_steps({"seen"}, {"view": ["gone"]})


class PeriodTest(unittest.TestCase):
    def test_periods_fit_the_data(self):
        hour, day = 3600, 86400
        for seconds, word in ((0, "minute"), (3 * hour, "hour"), (3 * day, "day"),
                              (90 * day, "week"), (546 * day, "month"), (5 * 365 * day, "quarter"),
                              (20 * 365 * day, "year")):
            self.assertEqual(fitting(seconds).word, word)


if __name__ == "__main__":
    unittest.main()
