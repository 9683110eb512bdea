// Rows in the default partition for which there is, or will be, a partition.
//
// The idea: a row is moved as seal moves it: deleted here as if it went to another partition,
// inserted there, in one transaction and without triggers or logical decoding, since nothing
// happened to it. So every snapshot sees it once. Who changes a row that is being moved gets 40001
// or is waited for.
//
// PostgreSQL reads the whole default partition under AccessExclusiveLock when a partition is
// attached, to see that no row belongs to the new one. Here that is shown beforehand, in two
// passes: the first moves what is there while everybody goes on; the second, with writers of the
// default partition (and nobody else) held off, moves what came meanwhile. What is left then cannot
// be in the range, so a CHECK constraint that says so is entered as valid, and PostgreSQL believes
// it.
#pragma once

#include "extension/partition/grid.h"

namespace footfall::partition {

// Up to `most` slots with rows in the default partition, in order of time, as a list of int64*.
// Rows outside the years that partitions are made for stay where they are.
List* slotsWithRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int most);

// Moves the rows of [lower, upper) that a fresh snapshot sees to `target`; returns how many. An
// ERROR when one violates a constraint of `target` (23514, 23502), or when foreign keys refer to
// rows of the default partition (0A000).
int64 moveRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int64 lower,
               int64 upper, Relation target);

struct Strays {
    bool expired;  // there are rows before `upper`, which deleteRows would delete
    bool staying;  // there are others; then `expired` may not be known
};

Strays lookAtStrays(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int64 upper);

// Deletes the rows before `upper` that have a time in the calendar; returns how many. 0A000 when
// foreign keys refer to rows of the default partition.
int64 deleteRows(Relation defaultPartition, AttrNumber attribute, const Grid& grid, int64 upper);

// 0A000 when moving rows out of the partition would be told to subscribers as deletes.
void requireUndecodedMoves(Relation defaultPartition);

// Enters a valid CHECK constraint that no row is in [lower, upper). The caller has shown it to be
// true and holds AccessExclusiveLock.
void enterProof(Oid defaultPartition, const char* column, const char* lower, const char* upper,
                const char* constraint);

}  // namespace footfall::partition
