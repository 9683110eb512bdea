// See explain_expressions.h.
#include "extension/executor/explain_expressions.h"

namespace footfall::executor {

void explainExpressions(const char* label, List* expressions, CustomScanState* node,
                        List* ancestors, ExplainState* es) {
    if (expressions == NIL) {
        return;
    }
    List* context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);
#if PG_VERSION_NUM >= 180000
    const int relations = es->rtable_size;  // without the entry of GROUP BY
#else
    const int relations = list_length(es->rtable);
#endif
    const bool prefix = relations > 1 || es->verbose;
    List* texts = NIL;
    ListCell* cell;
    foreach (cell, expressions) {
        texts = lappend(
            texts, deparse_expression(static_cast<Node*>(lfirst(cell)), context, prefix, false));
    }
    ExplainPropertyList(label, texts, es);
}

}  // namespace footfall::executor
