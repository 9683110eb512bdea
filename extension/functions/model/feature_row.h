// A row of SQL as the features of a model: columns found by name, once for each row type and anew
// when the type has changed: ALTER TABLE leaves a named row type its OID.
#pragma once

#include "engine/model/model.h"
#include "extension/functions/model/column_value.h"

namespace footfall::functions {

class FeatureRow {
  public:
    explicit FeatureRow(const model::Model& model);

    // Fills `features`, one a feature of the model. Names everything that is missing or has another
    // type. May raise an ERROR; owns no memory while it does.
    void read(HeapTupleHeader row, float* features);

  private:
    struct Binding {
        int attribute;
        ColumnType type;
    };

    // The descriptor of the row, pinned, with the columns bound by it.
    TupleDesc descriptorOf(HeapTupleHeader row);
    void bind(TupleDesc descriptor);
    float categoryOf(size_t feature, const char* text) const;

    const model::Model& model_;
    // What the columns are bound by; the modifier tells records apart, the identifier the forms
    // that a named type has had.
    Oid rowType_ = InvalidOid;
    int32 rowModifier_ = -1;
    uint64 rowForm_ = INVALID_TUPLEDESC_IDENTIFIER;
    std::vector<Binding> bindings_;
    // For heap_deform_tuple: room for as many columns as a row can have.
    std::vector<Datum> values_;
    std::unique_ptr<bool[]> nulls_;
};

}  // namespace footfall::functions
