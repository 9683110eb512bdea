// Reading rows of footfall's own tables by their primary key.
//
// The idea: a serializable transaction that reads a user's table has to conflict with those who
// write to that table, and with nobody else. The predicate locks that an index scan takes lie on
// pages of an index that all tables share, so they would make loads of unrelated tables fail with
// 40001; and they are not needed: who reads sealed rows holds a predicate lock on the user's table
// (scan.cpp, sealed_row.cpp), which is where writers look. So in a serializable transaction rows
// are fetched under SnapshotAny, which takes no predicate lock, and judged here by the snapshot
// that was asked for. The other half of the bargain stays: a row that the snapshot does not see,
// or sees although it is deleted by now, was written by somebody this transaction comes before,
// and that is reported for exactly the rows with the key. docs/decisions/0007 has the argument.
//
// Holds: a pin on the row's buffer, no lock, until the next row or the end.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

struct CatalogScan {
    SysScanDesc scan;
    Snapshot judge;     // by which rows are judged here; nullptr when the scan does it
    bool ownsSnapshot;  // `judge` is registered by the scan
};

// Rows whose leading `keys` integer columns (oid, int4, int4) equal the values given.
CatalogScan beginScan(OpenTable& table, Snapshot snapshot, int keys, Oid storage, int32 second = 0,
                      int32 third = 0);
// The same with keys of any type, on leading columns. Without a snapshot, as any catalog is read:
// as of the last command, and no part of what the transaction has read.
CatalogScan beginScan(OpenTable& table, Snapshot snapshot, int keys, ScanKeyData* scanKeys);
// nullptr after the last row.
HeapTuple nextRow(CatalogScan& scan);
void endScan(CatalogScan& scan);

}  // namespace footfall::catalog
