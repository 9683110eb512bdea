#include "engine/aggregate/states.h"

#include <limits>

#include "engine/scan/range_error.h"

namespace footfall::aggregate {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// What PostgreSQL does when a sum of squares became infinite: that is an overflow, unless an input
// was.
void settle(double& squares, bool infiniteInput) {
    if (!std::isinf(squares))
        return;
    if (!infiniteInput)
        scan::throwOverflow();
    squares = kNan;
}

}  // namespace

void FloatSumState::add(double x, bool average) {
    ++count;
    if (!std::isfinite(x)) {
        if (!notFinite())
            value();
        sum.add(x);
        flags |= kNotFinite;
        return;
    }
    if (notFinite())
        return;
    sum.add(x);
    const double total = value();
    if (!average || ((flags & kLarge) == 0 && std::fabs(x) < kLargest))
        return;
    flags |= kLarge;
    if (count == 1)
        return;
    const auto n = static_cast<double>(count);
    const double distance = x * n - total;
    squares += distance * distance / (n * (n - 1));
    if (std::isinf(squares))
        scan::throwOverflow();
}

void FloatSumState::merge(const FloatSumState& other) {
    if (other.count == 0)
        return;
    if (count == 0) {
        *this = other;
        return;
    }
    if (notFinite() || other.notFinite()) {
        // Finite parts do not change such a sum.
        if (!notFinite()) {
            value();
            sum = other.sum;
        } else if (other.notFinite()) {
            sum.add(other.sum.sum);
        } else {
            other.value();
        }
        count += other.count;
        flags |= other.flags;
        return;
    }
    const auto n1 = static_cast<double>(count);
    const auto n2 = static_cast<double>(other.count);
    const double distance = value() / n1 - other.value() / n2;
    sum.add(other.sum.sum);
    sum.error += other.sum.error;
    count += other.count;
    flags |= other.flags;
    value();
    if ((flags & kLarge) == 0)
        return;
    squares += other.squares + n1 * n2 * distance * distance / (n1 + n2);
    if (std::isinf(squares))
        scan::throwOverflow();
}

double FloatSumState::value() const {
    const double total = sum.value();
    if (!std::isfinite(total) && !notFinite())
        scan::throwOverflow();
    return total;
}

void FloatVarianceState::add(double x) {
    const double before = sum;
    ++count;
    sum += x;
    if (count == 1) {
        // Nothing follows from one value, but what is not finite makes everything NaN.
        squares = std::isfinite(x) ? 0.0 : kNan;
        return;
    }
    const auto n = static_cast<double>(count);
    const double distance = x * n - sum;
    squares += distance * distance / (n * (n - 1));
    if (std::isinf(sum) || std::isinf(squares)) {
        if (!std::isinf(before) && !std::isinf(x))
            scan::throwOverflow();
        squares = kNan;
    }
}

void FloatVarianceState::merge(const FloatVarianceState& other) {
    if (other.count == 0)
        return;
    if (count == 0) {
        *this = other;
        return;
    }
    const bool infinite = std::isinf(sum) || std::isinf(other.sum);
    const auto n1 = static_cast<double>(count);
    const auto n2 = static_cast<double>(other.count);
    const double distance = sum / n1 - other.sum / n2;
    squares += other.squares + n1 * n2 * distance * distance / (n1 + n2);
    sum += other.sum;
    count += other.count;
    if (std::isinf(sum) && !infinite)
        scan::throwOverflow();
    settle(squares, infinite);
}

void RegressionState::add(double x, double y) {
    const bool infinite = std::isinf(sx) || std::isinf(sy) || std::isinf(x) || std::isinf(y);
    ++count;
    sx += x;
    sy += y;
    if (count == 1) {
        if (!std::isfinite(x))
            sxx = sxy = kNan;
        if (!std::isfinite(y))
            syy = sxy = kNan;
        return;
    }
    const auto n = static_cast<double>(count);
    const double dx = x * n - sx;
    const double dy = y * n - sy;
    const double scale = 1.0 / (n * (n - 1));
    sxx += dx * dx * scale;
    syy += dy * dy * scale;
    sxy += dx * dy * scale;
    if ((std::isinf(sx) || std::isinf(sy)) && !infinite)
        scan::throwOverflow();
    settle(sxx, infinite);
    settle(syy, infinite);
    settle(sxy, infinite);
}

void RegressionState::merge(const RegressionState& other) {
    if (other.count == 0)
        return;
    if (count == 0) {
        *this = other;
        return;
    }
    const bool infinite =
        std::isinf(sx) || std::isinf(sy) || std::isinf(other.sx) || std::isinf(other.sy);
    const auto n1 = static_cast<double>(count);
    const auto n2 = static_cast<double>(other.count);
    const double n = n1 + n2;
    const double dx = sx / n1 - other.sx / n2;
    const double dy = sy / n1 - other.sy / n2;
    sxx += other.sxx + n1 * n2 * dx * dx / n;
    syy += other.syy + n1 * n2 * dy * dy / n;
    sxy += other.sxy + n1 * n2 * dx * dy / n;
    sx += other.sx;
    sy += other.sy;
    count += other.count;
    if ((std::isinf(sx) || std::isinf(sy)) && !infinite)
        scan::throwOverflow();
    settle(sxx, infinite);
    settle(syy, infinite);
    settle(sxy, infinite);
}

}  // namespace footfall::aggregate
