// Segments go cold and come back: their catalog rows are replaced under MVCC, their addresses stay.
//
// The same rows are in both places for a moment, so a snapshot reads them where the catalog row
// that it sees says. Tombstones are by segment and row number: they stay, and a delete that races
// with either switch is lost by neither. Locks: every segment exclusively, tried without waiting;
// what comes back is encoded before.
#pragma once

#include "engine/segment/segment_encoder.h"
#include "extension/archive/module.h"
#include "extension/catalog/archive_object.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

enum class SwitchResult {
    Done,
    Busy,  // somebody is changing rows of a segment: nothing was switched
    Stale  // segments are not as the manifest planned them: nothing was switched
};

// Under READ COMMITTED, in a transaction of its own. The object's local segments become cold: the
// index of each stays local, the columns' values are deleted.
SwitchResult makeCold(Relation relation, const catalog::ArchiveObject& object);

// A cold segment of an object as a local one will be.
struct LocalCopy {
    int64 archiveObject;  // 0: the segment is not of the object any more
    int32 rows;
    segment::EncodedSegment* encoded;
};

// The object's cold segments, read from `file`, one a row group, in the current context: all of
// them are in memory, compressed.
LocalCopy* encodeObject(const catalog::ArchiveObject& object, archive::Reader* file);

// The object's cold segments become local again. Busy as above; cold segments of the object that
// are gone are not missed.
SwitchResult makeLocal(Relation relation, const catalog::ArchiveObject& object,
                       const LocalCopy* copies);

}  // namespace footfall::storage
