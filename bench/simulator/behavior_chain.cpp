#include "bench/simulator/behavior_chain.h"

#include <algorithm>

namespace footfall::simulator {

namespace {

using Weights = std::array<double, kSteps>;

//                                        view search  cart remove check  pay  leave
constexpr std::array<Weights, kStages> kBase = {{
    /* arrived          */ Weights{.78, .17, .00, .00, .00, .00, .05},
    /* browsing         */ Weights{.66, .10, .042, .00, .00, .00, .17},
    /* browsingWithCart */ Weights{.55, .06, .09, .03, .085, .00, .17},
    /* inCart           */ Weights{.43, .05, .03, .05, .25, .00, .19},
    /* removed          */ Weights{.46, .08, .04, .02, .10, .00, .30},
    /* atCheckout       */ Weights{.03, .01, .00, .02, .00, .68, .26},
}};

//                                               view search cart remove check pay leave
constexpr std::array<Weights, kPersonas> kPersonaFactors = {{
    /* windowShopper */ Weights{1.0, 0.8, 0.4, 1.2, 0.6, 0.9, 0.9},
    /* searcher      */ Weights{1.0, 2.2, 1.0, 1.0, 0.9, 1.0, 0.9},
    /* bargainHunter */ Weights{1.0, 1.0, 0.8, 1.6, 0.6, 0.8, 1.0},
    /* loyal         */ Weights{1.0, 1.0, 1.9, 0.7, 1.6, 1.2, 0.9},
    /* purposeful    */ Weights{0.8, 1.4, 1.8, 0.6, 1.9, 1.3, 1.3},
}};

constexpr Weights kSmallScreen = {1.0, 0.9, 0.9, 1.0, 0.75, 0.9, 1.05};
constexpr Weights kSale = {1.0, 0.8, 1.5, 0.9, 1.3, 1.1, 0.9};
constexpr Weights kSaleForBargainHunter = {1.0, 0.8, 2.8, 0.7, 2.2, 1.3, 0.8};

}  // namespace

BehaviorChain::BehaviorChain() {
    for (int persona = 0; persona < kPersonas; ++persona) {
        for (int occasion = 0; occasion < 4; ++occasion) {
            const bool smallScreen = (occasion & 2) != 0;
            const bool sale = (occasion & 1) != 0;
            const Weights& saleFactors = static_cast<Persona>(persona) == Persona::bargainHunter
                                             ? kSaleForBargainHunter
                                             : kSale;
            auto& chain = rows_[index(static_cast<Persona>(persona), smallScreen, sale)];
            for (size_t stage = 0; stage < kStages; ++stage) {
                Weights weights = kBase[stage];
                double total = 0;
                for (size_t step = 0; step < kSteps; ++step) {
                    weights[step] *= kPersonaFactors[static_cast<size_t>(persona)][step] *
                                     (smallScreen ? kSmallScreen[step] : 1) *
                                     (sale ? saleFactors[step] : 1);
                    total += weights[step];
                }
                double before = 0;
                for (size_t step = 0; step < kSteps; ++step) {
                    before += weights[step];
                    chain[stage][step] =
                        static_cast<uint32_t>(std::min(before / total * 0x1p32, 0x1p32 - 1));
                }
            }
        }
    }
}

}  // namespace footfall::simulator
