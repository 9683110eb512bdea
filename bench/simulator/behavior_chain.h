// What a visitor does next: a Markov chain for each kind of customer and occasion.
//
// The base chain is that of an ordinary shop (about five steps a visit, some 4 % of visits buy);
// personas, small screens and flash sales multiply its transitions, and each row is normalised
// again. All chains are built once.
#pragma once

#include <array>
#include <cstdint>

#include "bench/simulator/customer.h"
#include "bench/simulator/random.h"

namespace footfall::simulator {

enum class Step : uint8_t { view, search, addToCart, removeFromCart, checkout, pay, leave };
inline constexpr int kSteps = 7;

// Where a visit stands: its last step, and whether something is in the cart when that step was a
// view or a search.
enum class Stage : uint8_t { arrived, browsing, browsingWithCart, inCart, removed, atCheckout };
inline constexpr int kStages = 6;

class BehaviorChain {
  public:
    BehaviorChain();

    Step next(Persona persona, bool smallScreen, bool sale, Stage stage, Random& random) const {
        const Row& row = rows_[index(persona, smallScreen, sale)][static_cast<size_t>(stage)];
        const uint32_t drawn = static_cast<uint32_t>(random.next() >> 32);
        int step = 0;
        while (step < kSteps - 1 && drawn >= row[static_cast<size_t>(step)]) {
            ++step;
        }
        return static_cast<Step>(step);
    }

  private:
    // Cumulative probabilities, scaled to 2^32.
    using Row = std::array<uint32_t, kSteps>;

    static size_t index(Persona persona, bool smallScreen, bool sale) {
        return static_cast<size_t>(persona) * 4 + (smallScreen ? 2 : 0) + (sale ? 1 : 0);
    }

    std::array<std::array<Row, kStages>, static_cast<size_t>(kPersonas) * 4> rows_;
};

}  // namespace footfall::simulator
