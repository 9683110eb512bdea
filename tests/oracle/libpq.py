"""libpq through ctypes: just what a differential test needs.

Everything comes back as text, exactly as the server sent it, together with the command tag and the
SQLSTATE; nothing is converted, so two servers (or two tables) can be compared byte by byte. Queries
can be sent without waiting, which is what interleaved sessions need. No package beyond Python and
libpq itself.
"""

import ctypes
import ctypes.util
import select
import time

_lib = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")

_P = ctypes.c_void_p
_I = ctypes.c_int
_S = ctypes.c_char_p


def _declare(name, result, *arguments):
    function = getattr(_lib, name)
    function.restype = result
    function.argtypes = list(arguments)
    return function


_connect = _declare("PQconnectdb", _P, _S)
_status = _declare("PQstatus", _I, _P)
_finish = _declare("PQfinish", None, _P)
_error_message = _declare("PQerrorMessage", _S, _P)
_send_query = _declare("PQsendQuery", _I, _P, _S)
_consume = _declare("PQconsumeInput", _I, _P)
_is_busy = _declare("PQisBusy", _I, _P)
_get_result = _declare("PQgetResult", _P, _P)
_result_status = _declare("PQresultStatus", _I, _P)
_cmd_status = _declare("PQcmdStatus", _S, _P)
_ntuples = _declare("PQntuples", _I, _P)
_nfields = _declare("PQnfields", _I, _P)
_fname = _declare("PQfname", _S, _P, _I)
_ftype = _declare("PQftype", ctypes.c_uint, _P, _I)
_getvalue = _declare("PQgetvalue", _S, _P, _I, _I)
_getisnull = _declare("PQgetisnull", _I, _P, _I, _I)
_error_field = _declare("PQresultErrorField", _S, _P, _I)
_clear = _declare("PQclear", None, _P)
_socket = _declare("PQsocket", _I, _P)
_put_copy_data = _declare("PQputCopyData", _I, _P, _S, _I)
_put_copy_end = _declare("PQputCopyEnd", _I, _P, _S)
_get_copy_data = _declare("PQgetCopyData", _I, _P, ctypes.POINTER(_P), _I)
_freemem = _declare("PQfreemem", None, _P)
_transaction_status = _declare("PQtransactionStatus", _I, _P)
_backend_pid = _declare("PQbackendPID", _I, _P)
_NoticeProcessor = ctypes.CFUNCTYPE(None, _P, _S)
_set_notice_processor = _declare("PQsetNoticeProcessor", _P, _P, _NoticeProcessor, _P)

CONNECTION_OK = 0
EMPTY_QUERY, COMMAND_OK, TUPLES_OK, COPY_OUT, COPY_IN, BAD_RESPONSE, NONFATAL, FATAL = range(8)
IDLE, ACTIVE, IN_TRANSACTION, IN_ERROR, UNKNOWN = range(5)

# What libpq reports when the server went away; no SQLSTATE comes with it.
CONNECTION_LOST = "08006"


@_NoticeProcessor
def _ignore_notice(_argument, _message):
    return None


class ConnectionLost(Exception):
    pass


class Result:
    """The last result of one statement: rows as tuples of text (None is NULL), the types' OIDs, tag, SQLSTATE."""

    __slots__ = ("ok", "tag", "rows", "names", "types", "sqlstate", "message")

    def __init__(self, ok, tag="", rows=(), names=(), sqlstate="", message="", types=()):
        self.ok = ok
        self.tag = tag
        self.rows = rows
        self.names = names
        self.types = types
        self.sqlstate = sqlstate
        self.message = message

    def __repr__(self):
        if not self.ok:
            return "ERROR %s: %s" % (self.sqlstate, self.message)
        return "%s, %d rows" % (self.tag, len(self.rows))


class Connection:
    """One session. Errors of statements are results, not exceptions; a lost server is an exception."""

    def __init__(self, conninfo):
        self._conn = _connect(conninfo.encode())
        if _status(self._conn) != CONNECTION_OK:
            message = _error_message(self._conn).decode(errors="replace")
            _finish(self._conn)
            self._conn = None
            raise ConnectionLost(message)
        _set_notice_processor(self._conn, _ignore_notice, None)
        self.pid = _backend_pid(self._conn)
        self._copy_data = None

    def close(self):
        if self._conn:
            _finish(self._conn)
            self._conn = None

    def transaction_status(self):
        return _transaction_status(self._conn)

    def send(self, sql, copy_data=None):
        """Starts a statement; `copy_data` (bytes) feeds it when it is a COPY FROM STDIN."""
        self._copy_data = copy_data
        if not _send_query(self._conn, sql.encode()):
            raise ConnectionLost(_error_message(self._conn).decode(errors="replace"))

    def busy(self):
        """True while the statement that was sent has not given its next result."""
        _consume(self._conn)
        return bool(_is_busy(self._conn))

    def wait(self, seconds):
        """Waits until a result can be read; False when the time ran out."""
        end = time.monotonic() + seconds
        while self.busy():
            left = end - time.monotonic()
            if left <= 0:
                return False
            select.select([_socket(self._conn)], [], [], min(left, 0.05))
        return True

    def receive(self):
        """Reads to the end of what was sent. The first error wins, else the last result."""
        last = None
        while True:
            pointer = _get_result(self._conn)
            if not pointer:
                break
            result = self._read(pointer)
            if last is None or last.ok:
                last = result
        if _status(self._conn) != CONNECTION_OK or (last and last.sqlstate == CONNECTION_LOST):
            raise ConnectionLost(last.message if last else "the connection was closed")
        return last if last is not None else Result(True, "")

    def run(self, sql, copy_data=None):
        self.send(sql, copy_data)
        return self.receive()

    def must(self, sql, copy_data=None):
        result = self.run(sql, copy_data)
        if not result.ok:
            raise RuntimeError("%s\n%r" % (sql, result))
        return result

    def _read(self, pointer):
        status = _result_status(pointer)
        try:
            if status == TUPLES_OK:
                rows, names = self._rows(pointer)
                types = [_ftype(pointer, column) for column in range(len(names))]
                return Result(True, _cmd_status(pointer).decode(), rows, names, types=types)
            if status in (COMMAND_OK, EMPTY_QUERY):
                return Result(True, _cmd_status(pointer).decode())
            if status == COPY_IN:
                data = self._copy_data or b""
                for start in range(0, len(data), 65536):
                    piece = data[start : start + 65536]
                    _put_copy_data(self._conn, piece, len(piece))
                _put_copy_end(self._conn, None)
                return Result(True, "")
            if status == COPY_OUT:
                return self._copy_out()
            state = _error_field(pointer, ord("C"))
            message = _error_field(pointer, ord("M"))
            detail = _error_field(pointer, ord("D"))
            text = (message or _error_message(self._conn) or b"").decode(errors="replace").strip()
            if detail:
                text += " DETAIL: " + detail.decode(errors="replace")
            return Result(False, sqlstate=state.decode() if state else CONNECTION_LOST, message=text)
        finally:
            _clear(pointer)

    def _rows(self, pointer):
        rows = []
        fields = _nfields(pointer)
        columns = range(fields)
        for row in range(_ntuples(pointer)):
            values = []
            for column in columns:
                value = _getvalue(pointer, row, column)
                if value == b"" and _getisnull(pointer, row, column):
                    values.append(None)
                else:
                    values.append(value.decode(errors="surrogateescape"))
            rows.append(tuple(values))
        return rows, [_fname(pointer, column).decode() for column in columns]

    def _copy_out(self):
        rows = []
        buffer = _P()
        while True:
            length = _get_copy_data(self._conn, ctypes.byref(buffer), 0)
            if length < 0:
                break
            rows.append((ctypes.string_at(buffer, length),))
            _freemem(buffer)
        pointer = _get_result(self._conn)
        result = self._read(pointer)
        if result.ok:
            result.rows = rows
        return result
