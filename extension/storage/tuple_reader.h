// Some attributes of heap tuples, read where the tuples stand.
//
// The idea: as a slot does, attributes are found from left to right, since a tuple has no
// directory; but what does not change from tuple to tuple is worked out once. An attribute behind
// others of fixed length stands at the same place in every tuple without NULLs, and is read alone;
// the others are read in one walk that ends at the last of them.
//
// By-reference values point into the tuple, and may be compressed or out of line. Tuples that are
// older than an attribute have its missing value.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

class TupleReader {
  public:
    // `attributes` are numbers of attributes, each once; others than positive ones are not read.
    // Values of attributes[i] are targets[i]. In the current context, for as long as `descriptor`.
    struct Target {
        Datum* values;  // by row
        bool* nulls;
    };
    static TupleReader* create(TupleDesc descriptor, const List* attributes, const Target* targets);

    // Whether the attribute is read alone, by readPlaced; else it is one of those of readWalked.
    // Neither calls PostgreSQL.
    bool isPlaced(int index) const { return placed_[index]; }
    void readPlaced(int index, HeapTupleHeader tuple, uint32 row) const;
    void readWalked(HeapTupleHeader tuple, uint32 row) const;

  private:
    struct Attribute {
        int16 length;
        bool byValue;
        bool placed;
        uint32 alignment;
        uint32 offset;  // in tuples without NULLs, when placed
        int target;     // -1: not read
    };

    TupleReader() = default;
    template <bool kWithNulls>
    void walk(HeapTupleHeader tuple, int from, int to, uint32 row, bool placed) const;
    void store(int target, uint32 row, Datum value, bool null) const {
        targets_[target].values[row] = value;
        targets_[target].nulls[row] = null;
    }

    Attribute* attributes_;  // up to the last that is read
    int count_;
    int* numbers_;   // 0-based, of targets; -1: not read
    bool* placed_;   // of targets
    int placedEnd_;  // attributes from the first on that have a place
    const Target* targets_;
    Datum* missing_;  // of targets
    bool* missingNulls_;
};

}  // namespace footfall::storage
