// The dimension tables that a FootfallAggregate joins its rows with.
//
// The idea: each dimension is the result of a child plan with at most one row for a key. It is read
// once, before the first batch; then every batch of the fact table looks its rows up
// (engine/scan/lookup_table.h) and gets the dimensions' columns as further columns of its own. In
// a parallel plan each process reads the dimensions for itself.
//
// Dimensions that memory cannot hold are split, and the fact table is read in several passes
// (dimension_rows.h).
//
// What the planner tells is in a DimensionPlan; how it stands in a plan node: aggregate_plan.h.
#pragma once

#include "engine/scan/evaluator.h"
#include "engine/scan/lookup_table.h"
#include "extension/executor/dimension_rows.h"
#include "extension/executor/expression_translator.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// What becomes of a row of the fact table.
enum class DimensionJoinKind : int {
    Inner,  // stays if its key is found
    Left,   // stays; NULLs when its key is not found
    Semi,   // as Inner; the key may be there more than once
    Anti,   // stays if its key is not found
};

// A dimension, as a list of integers in the plan: kind, range table index (in a plan node
// tableoids say it), which of the child's columns is the key, the function that is its equality,
// and the attribute number of each of the child's columns.
struct DimensionPlan {
    DimensionJoinKind kind;
    Index relation;
    int key;
    Oid equality;
    List* attributes;
};

List* packDimension(const DimensionPlan& dimension);
DimensionPlan unpackDimension(const List* packed);
const char* dimensionJoinName(DimensionJoinKind kind);

// Batches of the fact table with the columns of the dimensions behind its own.
class DimensionJoin final : public scan::Batch {
  public:
    // Names the dimensions' columns to the translator, behind `first` columns of the fact table.
    static void name(ExpressionTranslator* translator, List* dimensions, int first);

    // Runs the children to their ends, in the current context, which outlives the join. `keys`: of
    // each dimension, over the fact table's columns. Beyond `mostPasses` (a power of two) passes
    // memory is exceeded.
    static DimensionJoin* create(List* dimensions, List* children,
                                 std::span<const scan::Expression* const> filters,
                                 std::span<const scan::Expression* const> keys, int first,
                                 scan::Evaluator* evaluator, pg::ContextResource* resource,
                                 uint32_t mostPasses);

    // How often the fact table is to be read; each time after beginPass(0, 1, ...). Not inside the
    // engine.
    uint32_t passes() const { return passes_; }
    void beginPass(uint32_t pass);
    // Gives back temporary files, before the memory context goes.
    void release();

    // Makes the next batch of this one: filters, then looks up, leaving in `selection` the rows
    // that the joins keep. Inside the engine.
    void take(scan::Batch& fact, scan::Selection& selection);

    const vector::Block& column(uint32_t index) override;
    const vector::Block& columnFor(uint32_t index, const scan::Selection& selection) override;
    const vector::Runs* runs(uint32_t index) override;

    uint64 rowsRemoved() const { return rowsRemoved_; }

  private:
    struct Column {
        scan::LookedUpColumn* values;  // made of the dimension's rows when first asked for
        vector::Block* block;
        uint32_t dimension;
        bool loaded;
    };
    struct Dimension {
        DimensionJoinKind kind;
        scan::LookupTable* table;
        const scan::Expression* key;
        uint32_t* found;
        DimensionRows* rows;
        Column* columns;
        int columnCount;
        int keyColumn;
    };

    DimensionJoin() = default;
    const vector::Block& lookedUp(uint32_t index);
    static void makeTable(Dimension& dimension);
    static void makeValues(const Dimension& dimension, Column& column);
    static uint32_t keepPart(const Dimension& dimension, const vector::Block& keys,
                             scan::Selection& selection);

    std::span<const scan::Expression* const> filters_;
    scan::Evaluator* evaluator_;
    scan::Batch* fact_;
    uint32_t first_;
    Dimension* dimensions_;
    uint32_t dimensionCount_;
    Column* columns_;
    uint32_t columnCount_;
    uint32_t passes_;
    uint64 rowsRemoved_;
};

}  // namespace footfall::executor
