// See credit_shares.h.
#include "engine/behavior/credit_shares.h"

#include <cmath>

#include "engine/behavior/step_event.h"

namespace footfall::behavior {

namespace {
constexpr size_t kPollEvery = size_t{1} << 16;
}

CreditShares::CreditShares(const AttributionShape& shape, size_t touches,
                           std::vector<double>& credits, void (*poll)(),
                           std::pmr::memory_resource* resource)
    : shape_(shape),
      credits_(credits),
      poll_(poll),
      touches_(resource),
      shares_(resource),
      tails_(resource) {
    touches_.reserve(touches);
}

double CreditShares::decay(int64_t from, int64_t to) const noexcept {
    if (shape_.model != AttributionModel::TimeDecay)
        return 1;
    return std::exp2(-static_cast<double>(elapsed(from, to)) /
                     static_cast<double>(shape_.halfLife));
}

void CreditShares::addTouch(int64_t time, uint32_t channel) {
    if (shape_.model == AttributionModel::TimeDecay) {
        since_ = touches_.size() == turn_ ? 1 : since_ * decay(touches_.back().time, time) + 1;
    }
    touches_.push_back({time, channel});
    work(1);
}

// Of the touches from first_ on, as of the last one: 1 for that, less for the others.
double CreditShares::weightOfTouches() {
    const int64_t last = touches_.back().time;
    if (first_ >= turn_) {
        tailsBegin_ = first_;
        turn_ = touches_.size();
        tails_.resize(turn_ - first_);
        double sum = 0;
        for (size_t touch = turn_; touch-- > first_;) {
            sum += decay(touches_[touch].time, last);
            tails_[touch - first_] = sum;
            work(1);
        }
        return sum;
    }
    const double older = tails_[first_ - tailsBegin_] * decay(touches_[turn_ - 1].time, last);
    return turn_ == touches_.size() ? older : older + since_;
}

bool CreditShares::addConversion(int64_t time) {
    // Conversions come in time order, so what is too early for one is for all that follow.
    while (first_ < touches_.size() && elapsed(touches_[first_].time, time) > shape_.lookBack)
        first_++;
    const size_t end = touches_.size();
    if (first_ == end)
        return false;
    const auto count = static_cast<double>(end - first_);
    switch (shape_.model) {
        case AttributionModel::First:
            credits_[touches_[first_].channel] += 1;
            break;
        case AttributionModel::Last:
            credits_[touches_.back().channel] += 1;
            break;
        case AttributionModel::Linear:
            addShare(first_, end, 1 / count);
            break;
        case AttributionModel::Position:
            if (count <= 2) {
                for (size_t touch = first_; touch < end; touch++)
                    credits_[touches_[touch].channel] += 1 / count;
            } else {
                credits_[touches_[first_].channel] += 0.4;
                credits_[touches_.back().channel] += 0.4;
                addShare(first_ + 1, end - 1, 0.2 / (count - 2));
            }
            break;
        case AttributionModel::TimeDecay:
            addShare(first_, end, 1 / weightOfTouches());
            break;
    }
    work(1);
    return true;
}

void CreditShares::addShare(size_t begin, size_t end, double weight) {
    if (!shares_.empty() && shares_.back().begin == begin && shares_.back().end == end) {
        shares_.back().weight += weight;
    } else {
        shares_.push_back({begin, end, touches_[end - 1].time, weight});
    }
}

void CreditShares::give() {
    // Shares low to high - 1 are those of the touch at hand.
    size_t low = 0;
    size_t turn = 0;
    size_t high = 0;
    size_t tailsBegin = 0;
    std::pmr::vector<double>& tails =
        tails_;        // of shares tailsBegin to turn - 1, as of their first
    double since = 0;  // of shares from turn on, as of that one
    for (size_t i = 0; i < touches_.size() && low < shares_.size(); i++) {
        for (; high < shares_.size() && shares_[high].begin <= i; high++)
            since = high == turn ? shares_[high].weight
                                 : since + shares_[high].weight *
                                               decay(shares_[turn].time, shares_[high].time);
        while (low < high && shares_[low].end <= i)
            low++;
        work(1);
        if (low == high)
            continue;
        if (low >= turn) {
            tailsBegin = low;
            turn = high;
            tails.resize(high - low);
            double sum = 0;
            for (size_t share = high; share-- > low;) {
                if (share + 1 < high)
                    sum *= decay(shares_[share].time, shares_[share + 1].time);
                sum += shares_[share].weight;
                tails[share - low] = sum;
                work(1);
            }
        }
        double earned = tails[low - tailsBegin] * decay(touches_[i].time, shares_[low].time);
        if (turn < high)
            earned += since * decay(touches_[i].time, shares_[turn].time);
        credits_[touches_[i].channel] += earned;
    }
}

void CreditShares::work(size_t done) {
    work_ += done;
    if (work_ >= kPollEvery) {
        work_ = 0;
        poll_();
    }
}

}  // namespace footfall::behavior
