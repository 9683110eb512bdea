// See purchase.h.
#include "extension/reports/purchase.h"

namespace footfall::reports {

const char* purchaseCondition(const Arguments& arguments, const EventSource& source) {
    const char* condition = arguments.string("purchase");
    if (condition != nullptr) {
        return source.condition("purchase", condition);
    }
    return source.has(Role::Event) ? source.eventIsCalled("purchase") : "true";
}

}  // namespace footfall::reports
