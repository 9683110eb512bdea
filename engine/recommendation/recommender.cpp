// See recommender.h.
#include "engine/recommendation/recommender.h"

namespace footfall::recommendation {

void Recommender::describe(const Interactions& interactions, Events events) {
    customerIds = interactions.customerIds;
    productIds = interactions.productIds;
    popularity.assign(interactions.products(), 0);
    history = {};
    history.width = interactions.products();
    bought.clear();
    for (uint32_t i = 0; i < interactions.customers(); i++) {
        for (const Interaction& entry : interactions.of(i)) {
            const float weight = weightOf(entry, events);
            if (weight > 0)
                popularity[entry.product]++;
            if (algorithm == Algorithm::Als && isBought(entry, events)) {
                history.columns.push_back(entry.product);
                bought.push_back(true);
            } else if (algorithm != Algorithm::Als && (weight > 0 || isBought(entry, events))) {
                history.add(entry.product, weight);
                bought.push_back(isBought(entry, events));
            }
        }
        history.endRow();
    }
}

}  // namespace footfall::recommendation
