// Expressions of a plan node as EXPLAIN shows them.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

// A property with one text for each expression; nothing when there is none.
void explainExpressions(const char* label, List* expressions, CustomScanState* node,
                        List* ancestors, ExplainState* es);

}  // namespace footfall::executor
