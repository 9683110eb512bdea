// What the planner tells a FootfallAggregate, and how it stands in the plan node.
//
// The plan node: scanrelid is 0; custom_scan_tlist has the group expressions and aggregates
// (partial: one expression made of all of them, the state) and then, in rows that no expression of
// a query equals, what the node itself evaluates: filters, values of pruning clauses, keys of
// joins, and a tableoid of each relation, by which the relations' places in the flat range table
// are known. What stands there is prepared for execution by PostgreSQL as any expression.
// custom_exprs repeats the parameters, since PostgreSQL looks for parameters there. HAVING is the
// node's qual.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

enum class AggregateMode : int { Serial, Partial, Final };

// What the planner knows about a query that FootfallAggregate can run.
struct AggregatePlan {
    AggregateMode mode;
    // Streamed: the parent's column that comes first in the order key and is one of the keys.
    // 0: groups are hashed.
    int customer;
    // The input is not a table but the groups of a streamed FootfallAggregate below; `parent` is
    // its sub-query, there are no leaves.
    bool overGroups;
    List* keys;             // expressions
    List* aggregates;       // Aggrefs
    List* filters;          // expressions, to be applied in this order
    List* predicateValues;  // expressions
    List* predicates;       // describePredicate(); the attribute is the parent's
    Index parent;           // range table index of the table in the query
    List* leaves;           // range table indexes of the tables to read, as integers
    List* attributes;       // of the parent: what is read
    List* leafAttributes;   // for each leaf the list of its own numbers for them
    List* leafRanges;       // for each leaf a list (leaf_ranges.h), or NIL
    // Joins with dimensions (dimension_join.h); the node's children are their plans.
    List* dimensions;   // packDimension()
    List* joinKeys;     // for each an expression over the parent
    List* joinFilters;  // over the parent and the dimensions, after the joins
    // Of one execution: which leaves need not be read (leaf_ranges.h), null for none.
    bool* removed;
    int removedCount;
};

// Fills a CustomScan's own fields.
void describeAggregatePlan(CustomScan* scan, const AggregatePlan& plan);

// The expression of the column of states.
Expr* stateExpression(List* keys, List* aggregates);

// The opposite of describeAggregatePlan, with the indexes of the flat range table.
AggregatePlan readAggregatePlan(const CustomScan* scan);

}  // namespace footfall::executor
