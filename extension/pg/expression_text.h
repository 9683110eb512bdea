// One SQL expression as a user wrote it.
//
// Text that passes is one expression also when it stands between parentheses in a larger statement
// (with a line break before the closing one: it may end in a comment), so it cannot add to the
// statement around it.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::pg {

// The grammar's tree of `text`, or nullptr when the text is something else or more: several
// expressions, an alias, "*", any other part of a query. What is no SQL at all is a syntax error.
Node* parseExpressionText(const char* text);

}  // namespace footfall::pg
