// Parsing; see sequence_pattern.h.
#include "engine/behavior/sequence_pattern.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/behavior/step_event.h"

namespace footfall::behavior {

namespace {

constexpr uint64_t kMicroseconds = 1000000;
constexpr uint64_t kMaxSeconds = UINT64_MAX / kMicroseconds / 4;

class Parser {
  public:
    Parser(std::string_view text, uint32_t conditions, std::pmr::vector<PatternItem>& items)
        : text_(text), conditions_(conditions), items_(items) {}

    void run() {
        while (at_ < text_.size()) {
            if (take("(?t")) {
                timeCondition();
            } else if (take("(?")) {
                addItem(uint32_t{1} << (conditionNumber() - 1));
                expect(")");
            } else if (take(".*")) {
                anyRows();
            } else if (take(".")) {
                addItem(stepMask(conditions_));
            } else {
                fail("expected (?N), (?t<=S), . or .*");
            }
        }
        if (items_.empty())
            fail("a pattern names at least one condition");
        if (timed_)
            fail("a time condition stands between two conditions");
    }

  private:
    [[noreturn]] void fail(const char* what) const {
        throw base::Error(base::ErrorKind::BadArgument, "%s, in pattern \"%.*s\" at position %zu",
                          what, static_cast<int>(std::min<size_t>(text_.size(), 100)), text_.data(),
                          at_ + 1)
            .withHint("An example of a pattern: (?1)(?t<=3600)(?2).*(?3)");
    }
    bool take(std::string_view token) {
        if (!text_.substr(at_).starts_with(token))
            return false;
        at_ += token.size();
        return true;
    }
    void expect(std::string_view token) {
        if (!take(token))
            fail("expected )");
    }
    uint64_t number(uint64_t most, const char* otherwise) {
        const size_t begin = at_;
        uint64_t value = 0;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            value = value * 10 + static_cast<uint64_t>(text_[at_] - '0');
            if (value > most)
                fail(otherwise);
            at_++;
        }
        if (at_ == begin)
            fail("expected a number");
        return value;
    }
    uint32_t conditionNumber() {
        const uint64_t value = number(conditions_, "there is no such condition");
        if (value == 0)
            fail("conditions are numbered from 1");
        return static_cast<uint32_t>(value);
    }

    void timeCondition() {
        if (items_.empty())
            fail("a time condition stands between two conditions");
        if (anyRows_)
            fail("a time condition allows any rows between already; leave out .*");
        // In microseconds, "< S" is "<= S - 1".
        enum { kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater } comparison = kLess;
        if (take("<=")) {
            comparison = kLessOrEqual;
        } else if (take("<")) {
            comparison = kLess;
        } else if (take(">=")) {
            comparison = kGreaterOrEqual;
        } else if (take(">")) {
            comparison = kGreater;
        } else if (take("==")) {
            comparison = kEqual;
        } else {
            fail("expected <=, <, >=, > or ==");
        }
        const uint64_t limit = number(kMaxSeconds, "too many seconds") * kMicroseconds;
        expect(")");
        if (comparison == kLess && limit == 0)
            fail("no time is less than 0 seconds");
        timed_ = true;
        if (comparison >= kEqual)
            atLeast_ = std::max(atLeast_, comparison == kGreater ? limit + 1 : limit);
        if (comparison <= kEqual)
            atMost_ = std::min(atMost_, comparison == kLess ? limit - 1 : limit);
    }
    void anyRows() {
        if (timed_)
            fail("a time condition allows any rows between already; leave out .*");
        anyRows_ = true;
    }
    void addItem(uint32_t accepts) {
        if (items_.size() == kMaxPatternItems)
            fail("the pattern is too long");
        using Gap = PatternItem::Gap;
        items_.push_back({accepts,
                          timed_     ? Gap::Timed
                          : anyRows_ ? Gap::Rows
                                     : Gap::None,
                          atLeast_, atMost_});
        timed_ = anyRows_ = false;
        atLeast_ = 0;
        atMost_ = UINT64_MAX;
    }

    std::string_view text_;
    uint32_t conditions_;
    std::pmr::vector<PatternItem>& items_;
    size_t at_ = 0;
    bool anyRows_ = false;
    bool timed_ = false;
    uint64_t atLeast_ = 0;
    uint64_t atMost_ = UINT64_MAX;
};

}  // namespace

void SequencePattern::parse(std::string_view text, uint32_t conditions) {
    items_.clear();
    Parser(text, conditions, items_).run();
}

}  // namespace footfall::behavior
