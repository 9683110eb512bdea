// Pages of the hot store that hold no row any more, because an earlier seal took their rows and
// pruning cleared them.
//
// They are entered in the free space map, so that inserts fill them again; otherwise the hot store
// would grow, and every seal read more, until the next VACUUM. A page also has only so many line
// pointers, and pruning leaves those of the former rows dead, because an index may point to them.
// There is none here: they are freed, as VACUUM does, once they take half of the page's.
//
// Locking: the caller holds ShareUpdateExclusiveLock, so that no vacuum is about; a page is locked
// exclusively while line pointers are freed. Nobody can be about to follow one of them: they are
// dead to every snapshot.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

class EmptyPages {
  public:
    explicit EmptyPages(Relation relation);

    // Blocks are mentioned in ascending order: those before `block` that were not have no row that
    // the caller's scan saw.
    void skipTo(BlockNumber block);
    void rowIn(BlockNumber block);
    void finish();

  private:
    void offer(BlockNumber block);
    Size freeSpaceIn(Buffer buffer);
    void freeLinePointers(Buffer buffer);

    Relation relation_;
    BufferAccessStrategy strategy_;
    BlockNumber next_ = 0;
    BlockNumber first_ = InvalidBlockNumber;  // entered in the map
    BlockNumber last_ = InvalidBlockNumber;
};

}  // namespace footfall::storage
