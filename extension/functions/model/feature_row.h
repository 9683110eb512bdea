// A row of SQL as the features of a model: columns found by name, once for each row type.
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

    void bind(TupleDesc descriptor);
    float categoryOf(size_t feature, const char* text) const;

    const model::Model& model_;
    Oid rowType_ = InvalidOid;
    int32 rowModifier_ = -1;
    std::vector<Binding> bindings_;
    // For heap_deform_tuple: room for as many columns as a row can have.
    std::vector<Datum> values_;
    std::unique_ptr<bool[]> nulls_;
};

}  // namespace footfall::functions
