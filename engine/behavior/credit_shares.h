// The credit of each conversion, shared among the touches before it, in one pass.
//
// The idea: the touches of a conversion are a range of the touches in time order, and from one
// conversion to the next both ends of it only move on. Seen from a touch, the conversions that it
// serves are such a range, too. What a touch earns is a sum over its range, and so is what the
// touches of a conversion weigh together. A sum over a sliding range is kept in two parts: the sums
// of all tails of its older part, and one sum of what came since; when the older part is used up,
// all becomes older part. So each element is added twice, however many ranges it lies in, and
// nothing is ever subtracted, which would lose digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace footfall::behavior {

enum class AttributionModel : uint8_t { First, Last, Linear, Position, TimeDecay };

struct AttributionShape {
    AttributionModel model = AttributionModel::First;
    uint64_t lookBack = 0;  // microseconds, inclusive
    uint64_t halfLife = 0;  // microseconds

    friend bool operator==(const AttributionShape&, const AttributionShape&) = default;
};

class CreditShares {
  public:
    // There will be `touches` touches. Credits are added to those by channel in `credits`. `poll`
    // is called now and then and may throw.
    CreditShares(const AttributionShape& shape, size_t touches, std::vector<double>& credits,
                 void (*poll)(), std::pmr::memory_resource* resource);

    // Both in time order.
    void addTouch(int64_t time, uint32_t channel);
    // False when it has no touch.
    bool addConversion(int64_t time);
    // Once all are there.
    void give();

    static constexpr size_t kTouchBytes = 16;

  private:
    struct Touch {
        int64_t time;
        uint32_t channel;
    };
    static_assert(sizeof(Touch) == kTouchBytes);
    // What the touches of a range earn by the conversions between two touches: each `weight` times
    // its decay until `time`, when the last of the range was.
    struct Share {
        size_t begin;
        size_t end;
        int64_t time;
        double weight;
    };

    double decay(int64_t from, int64_t to) const noexcept;
    double weightOfTouches();
    void addShare(size_t begin, size_t end, double weight);
    void work(size_t done);

    AttributionShape shape_;
    std::vector<double>& credits_;
    void (*poll_)();
    std::pmr::vector<Touch> touches_;
    std::pmr::vector<Share> shares_;
    size_t first_ = 0;  // the first touch that is not too early
    // TimeDecay: the weights of the touches from first_ on.
    std::pmr::vector<double> tails_;  // of touches tailsBegin_ to turn_ - 1, as of the last of them
    size_t tailsBegin_ = 0;
    size_t turn_ = 0;
    double since_ = 0;  // of the touches from turn_ on, as of the last of them
    size_t work_ = 0;
};

}  // namespace footfall::behavior
