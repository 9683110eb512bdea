// Giving back the space of removed segments.
//
// Merging writes the new segments behind the old ones, so a table's TOAST relation then holds free
// space in front and live chunks at its end, which plain VACUUM cannot cut off. Three steps, each a
// transaction of its own, bring it back to the size of what is alive:
//
//   1. vacuum the TOAST relation: the space of removed chunks is known to be free;
//   2. relocate the segments at its end into that space;
//   3. vacuum it again: the end is empty and is cut off.
//
// An older snapshot keeps what it needs: then there is no free space to move to, and a later call
// takes up where this one stopped. A crash between two steps loses nothing.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Whether much of the TOAST relation holds no segment; a guess that counts pages.
bool isSparse(Relation relation);

// Vacuums the table's TOAST relation, as VACUUM does. Not under a snapshot, and with no row of this
// transaction's own in it. `relation` is locked in ShareUpdateExclusiveLock mode.
void vacuumToast(Relation relation);

// Moves segments from the end of the TOAST relation to free space in front of them. A segment keeps
// its number and its rows' addresses, its values get new ids. Segments that somebody is changing
// stay. Returns how many blocks at the end no segment will need any more.
BlockNumber relocateSegments(Relation relation);

}  // namespace footfall::storage
