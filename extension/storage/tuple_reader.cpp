// See tuple_reader.h.
#include "extension/storage/tuple_reader.h"

namespace footfall::storage {

namespace {

uint32 alignmentOf(Form_pg_attribute form) {
    switch (form->attalign) {
        case TYPALIGN_CHAR:
            return 1;
        case TYPALIGN_SHORT:
            return ALIGNOF_SHORT;
        case TYPALIGN_INT:
            return ALIGNOF_INT;
        default:
            return ALIGNOF_DOUBLE;
    }
}

uint32 aligned(uint32 offset, uint32 alignment) {
    return (offset + alignment - 1) & ~(alignment - 1);
}

const bits8* nullBits(HeapTupleHeader tuple) {
    return static_cast<const HeapTupleHeaderData*>(tuple)->t_bits;
}

bool isNull(int attribute, const bits8* bits) {
    return (bits[attribute >> 3] & (1 << (attribute & 7))) == 0;
}

bool hasNulls(HeapTupleHeader tuple) {
    return (tuple->t_infomask & HEAP_HASNULL) != 0;
}

}  // namespace

TupleReader* TupleReader::create(TupleDesc descriptor, const List* attributes,
                                 const Target* targets) {
    auto* self = new (palloc0(sizeof(TupleReader))) TupleReader();
    const int targetCount = list_length(attributes);
    const auto size = static_cast<Size>(Max(targetCount, 1));
    self->targets_ = targets;
    self->numbers_ = static_cast<int*>(palloc(sizeof(int) * size));
    self->placed_ = static_cast<bool*>(palloc0(sizeof(bool) * size));
    self->missing_ = static_cast<Datum*>(palloc0(sizeof(Datum) * size));
    self->missingNulls_ = static_cast<bool*>(palloc0(sizeof(bool) * size));
    for (int i = 0; i < targetCount; i++) {
        const int number = list_nth_int(attributes, i);
        self->numbers_[i] = Max(number, 0) - 1;
        self->count_ = Max(self->count_, number);
        if (number > 0) {
            self->missing_[i] = getmissingattr(descriptor, number, &self->missingNulls_[i]);
        }
    }
    self->attributes_ = static_cast<Attribute*>(
        palloc0(sizeof(Attribute) * static_cast<Size>(Max(self->count_, 1))));
    bool placed = true;
    uint32 offset = 0;
    for (int i = 0; i < self->count_; i++) {
        Form_pg_attribute form = TupleDescAttr(descriptor, i);
        Attribute& attribute = self->attributes_[i];
        attribute.length = form->attlen;
        attribute.byValue = form->attbyval;
        attribute.alignment = alignmentOf(form);
        attribute.target = -1;
        const uint32 at = aligned(offset, attribute.alignment);
        // A short varlena is not aligned: it has a place where that is aligned anyway.
        placed = placed && (form->attlen > 0 || at == offset);
        attribute.placed = placed;
        attribute.offset = at;
        self->placedEnd_ += placed ? 1 : 0;
        placed = placed && form->attlen > 0;
        offset = at + static_cast<uint32>(Max(form->attlen, 0));
    }
    for (int i = 0; i < targetCount; i++) {
        if (self->numbers_[i] >= 0) {
            Attribute& attribute = self->attributes_[self->numbers_[i]];
            attribute.target = i;
            self->placed_[i] = attribute.placed;
        }
    }
    return self;
}

// Reads the attributes [from, to) that have a place, or those that have none; `from` has one, and
// is the first when there are NULLs.
template <bool kWithNulls>
void TupleReader::walk(HeapTupleHeader tuple, int from, int to, uint32 row, bool placed) const {
    const char* data = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
    const bits8* bits = nullBits(tuple);
    const int there = Min(to, static_cast<int>(HeapTupleHeaderGetNatts(tuple)));
    uint32 offset = kWithNulls || from >= there ? 0 : attributes_[from].offset;
    int i = from;
    for (; i < there; i++) {
        const Attribute& attribute = attributes_[i];
        const bool wanted = attribute.target >= 0 && attribute.placed == placed;
        if (kWithNulls && isNull(i, bits)) {
            if (wanted) {
                store(attribute.target, row, Datum{0}, true);
            }
            continue;
        }
        // The padding before an aligned varlena is zero, which no short header is.
        if (attribute.length != -1 || data[offset] == 0) {
            offset = aligned(offset, attribute.alignment);
        }
        const char* at = data + offset;
        if (wanted) {
            store(attribute.target, row, fetch_att(at, attribute.byValue, attribute.length), false);
        }
        if (attribute.length > 0) {
            offset += static_cast<uint32>(attribute.length);
        } else if (attribute.length == -1) {
            offset += static_cast<uint32>(VARSIZE_ANY(at));
        } else {
            offset += static_cast<uint32>(strlen(at)) + 1;
        }
    }
    for (; i < to; i++) {
        const Attribute& attribute = attributes_[i];
        if (attribute.target >= 0 && attribute.placed == placed) {
            store(attribute.target, row, missing_[attribute.target],
                  missingNulls_[attribute.target]);
        }
    }
}

void TupleReader::readPlaced(int index, HeapTupleHeader tuple, uint32 row) const {
    const int number = numbers_[index];
    const Attribute& attribute = attributes_[number];
    if (number >= static_cast<int>(HeapTupleHeaderGetNatts(tuple))) {
        store(index, row, missing_[index], missingNulls_[index]);
    } else if (hasNulls(tuple)) {
        walk<true>(tuple, 0, number + 1, row, true);
    } else {
        const char* at = reinterpret_cast<const char*>(tuple) + tuple->t_hoff + attribute.offset;
        store(index, row, fetch_att(at, attribute.byValue, attribute.length), false);
    }
}

void TupleReader::readWalked(HeapTupleHeader tuple, uint32 row) const {
    if (hasNulls(tuple)) {
        walk<true>(tuple, 0, count_, row, false);
    } else {
        walk<false>(tuple, Max(placedEnd_ - 1, 0), count_, row, false);
    }
}

}  // namespace footfall::storage
