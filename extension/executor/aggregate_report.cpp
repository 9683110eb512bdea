// See aggregate_report.h.
#include "extension/executor/aggregate_report.h"

#include <cstring>

#include "extension/executor/dimension_join.h"
#include "extension/executor/explain_expressions.h"

namespace footfall::executor {

void AggregateCounters::addPruning(const storage::ScanFilter& filter) {
    segmentsRead += static_cast<uint64>(filter.segmentsRead);
    segmentsPruned += static_cast<uint64>(filter.segmentsPruned);
    blocksRead += static_cast<uint64>(filter.blocksRead);
    blocksPruned += static_cast<uint64>(filter.blocksPruned);
    coldSegments += static_cast<uint64>(filter.archive.segments);
    columnsFetched += static_cast<uint64>(filter.archive.columnsRead);
    columnsCached += static_cast<uint64>(filter.archive.columnsCached);
    bytesFetched += static_cast<uint64>(filter.archive.bytesRead);
}

void SharedCounters::initialize() {
    for (pg_atomic_uint64& sum : sums_) {
        pg_atomic_init_u64(&sum, 0);
    }
}

void SharedCounters::collect(AggregateCounters* counters) {
    if (IsParallelWorker()) {
        add(*counters);
    } else {
        moveTo(counters);
    }
}

void SharedCounters::add(const AggregateCounters& counters) {
    uint64 values[kCount];
    memcpy(values, &counters, sizeof(values));
    for (int i = 0; i < kCount; i++) {
        pg_atomic_fetch_add_u64(&sums_[i], static_cast<int64>(values[i]));
    }
}

void SharedCounters::moveTo(AggregateCounters* counters) {
    uint64 values[kCount];
    memcpy(values, counters, sizeof(values));
    for (int i = 0; i < kCount; i++) {
        values[i] += pg_atomic_exchange_u64(&sums_[i], 0);
    }
    memcpy(counters, values, sizeof(values));
}

namespace {

const char* relationName(Index index, ExplainState* es) {
    RangeTblEntry* entry = rt_fetch(index, es->rtable);
    if (entry->rtekind != RTE_RELATION) {
        return quote_identifier(entry->eref->aliasname);
    }
    const char* name = get_rel_name(entry->relid);
    const char* shown = quote_identifier(name != nullptr ? name : "?");
    if (strcmp(entry->eref->aliasname, name != nullptr ? name : "?") == 0) {
        return shown;
    }
    return psprintf("%s %s", shown, quote_identifier(entry->eref->aliasname));
}

void explainCounter(const char* label, uint64 value, ExplainState* es) {
    ExplainPropertyUInteger(label, nullptr, value, es);
}

// The children, which EXPLAIN shows below, are the dimensions in this order.
void explainJoins(const AggregatePlan& plan, CustomScanState* node, List* ancestors,
                  ExplainState* es) {
    if (plan.dimensions == NIL) {
        return;
    }
    List* lookups = NIL;
    ListCell* cell;
    foreach (cell, plan.dimensions) {
        const DimensionPlan dimension = unpackDimension(lfirst_node(List, cell));
        lookups = lappend(lookups, psprintf("%s (%s)", relationName(dimension.relation, es),
                                            dimensionJoinName(dimension.kind)));
    }
    ExplainPropertyList("Lookup", lookups, es);
    explainExpressions("Lookup Key", plan.joinKeys, node, ancestors, es);
    explainExpressions("Lookup Filter", plan.joinFilters, node, ancestors, es);
}

}  // namespace

void explainAggregate(const AggregatePlan& plan, const AggregateCounters& counters,
                      CustomScanState* node, List* ancestors, ExplainState* es) {
    static const char* const kModes[] = {"Serial", "Partial", "Final"};
    if (plan.customer == 0) {
        ExplainPropertyText("Mode", kModes[static_cast<int>(plan.mode)], es);
    }
    if (plan.mode == AggregateMode::Final) {
        explainExpressions("Group Key", plan.keys, node, ancestors, es);
        return;
    }
    if (plan.customer != 0) {
        const Oid table = rt_fetch(plan.parent, es->rtable)->relid;
        const char* name = get_attname(table, static_cast<AttrNumber>(plan.customer), true);
        ExplainPropertyText(
            "Strategy", psprintf("Streamed by %s", quote_identifier(name != nullptr ? name : "?")),
            es);
    } else {
        ExplainPropertyText("Strategy", "Hashed", es);
    }
    if (plan.overGroups) {
        ExplainPropertyText("Input", "Groups", es);
        explainExpressions("Group Key", plan.keys, node, ancestors, es);
        explainExpressions("Scan Filter", plan.filters, node, ancestors, es);
        return;
    }
    explainRead(plan, counters, "Group Key", plan.keys, node, ancestors, es);
}

void explainRead(const AggregatePlan& plan, const AggregateCounters& counters, const char* label,
                 List* expressions, CustomScanState* node, List* ancestors, ExplainState* es) {
    ExplainPropertyText("Relation", relationName(plan.parent, es), es);
    const int leaves = list_length(plan.leaves);
    if (leaves != 1 || linitial_int(plan.leaves) != static_cast<int>(plan.parent)) {
        ExplainPropertyInteger("Partitions", nullptr, leaves, es);
    }
    explainExpressions(label, expressions, node, ancestors, es);
    explainExpressions("Scan Filter", plan.filters, node, ancestors, es);
    explainJoins(plan, node, ancestors, es);
    if (!es->analyze) {
        return;
    }
    if (plan.removedCount > 0) {
        ExplainPropertyInteger("Partitions Removed", nullptr, plan.removedCount, es);
    }
    if (plan.dimensions != NIL) {
        explainCounter("Rows Removed by Lookup", counters.rowsRemovedByJoin, es);
        explainCounter("Lookup Passes", counters.lookupPasses, es);
    }
    if (plan.filters != NIL) {
        explainCounter("Rows Removed by Scan Filter", counters.rowsRemoved, es);
        explainCounter("Rows Removed While Encoded", counters.rowsRemovedEncoded, es);
    }
    if (plan.customer != 0) {
        explainCounter("Customer Ranges", counters.ranges, es);
    }
    explainCounter("Segments Read", counters.segmentsRead, es);
    explainCounter("Segments Pruned", counters.segmentsPruned, es);
    explainCounter("Blocks Read", counters.blocksRead, es);
    explainCounter("Blocks Pruned", counters.blocksPruned, es);
    explainCounter("Sealed Rows", counters.batches.sealedRows, es);
    explainCounter("Hot Rows", counters.batches.hotRows, es);
    if (counters.coldSegments > 0) {
        explainCounter("Cold Segments Read", counters.coldSegments, es);
        explainCounter("Archived Columns Fetched", counters.columnsFetched, es);
        explainCounter("Archived Columns Cached", counters.columnsCached, es);
        explainCounter("Archived Bytes Fetched", counters.bytesFetched, es);
    }
    if (es->verbose) {
        explainCounter("Bytes Decoded", counters.batches.bytesDecoded, es);
    }
    if (counters.spilledFiles > 0) {
        explainCounter("Spilled Files", counters.spilledFiles, es);
    }
}

}  // namespace footfall::executor
