// PostgreSQL's tree walkers, called alike on every version: before 16 they take functions without
// prototype.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::pg {

using TreeWalker = bool (*)(Node* node, void* context);
using TreeMutator = Node* (*)(Node* node, void* context);

// Calls `walker` for each child of `node`; true as soon as it says so.
inline bool walkExpression(Node* node, TreeWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
    return expression_tree_walker(node, walker, context);
#else
    return expression_tree_walker(
        node, reinterpret_cast<bool (*)()>(reinterpret_cast<void*>(walker)), context);
#endif
}

// The same for the parts of a query: range table entries with QTW_EXAMINE_RTES_BEFORE.
inline bool walkQuery(Query* query, TreeWalker walker, void* context, int flags) {
#if PG_VERSION_NUM >= 160000
    return query_tree_walker(query, walker, context, flags);
#else
    return query_tree_walker(query, reinterpret_cast<bool (*)()>(reinterpret_cast<void*>(walker)),
                             context, flags);
#endif
}

// A copy of `node` whose children are what `mutator` makes of them.
inline Node* mutateExpression(Node* node, TreeMutator mutator, void* context) {
#if PG_VERSION_NUM >= 160000
    return expression_tree_mutator(node, mutator, context);
#else
    return expression_tree_mutator(
        node, reinterpret_cast<Node* (*)()>(reinterpret_cast<void*>(mutator)), context);
#endif
}

}  // namespace footfall::pg
