// Encoding the columns of a segment together: each alone first, then those that another determines
// are stored in terms of it when that is smaller.
//
// A parent is used by its codes (it has, or is given, a dictionary) or by its runs. Parents are
// taken greedily by the bytes they save, counting what a dictionary costs a parent that would do
// without. A column that others depend on stands alone itself, so decoding one column opens at most
// one other (a text template: one per slot).
#include <algorithm>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/column_encoder.h"

namespace footfall::encoding {
namespace {

ColumnCodec rootOf(const base::ByteWriter& encoded) {
    return static_cast<ColumnCodec>(encoded.bytes()[0]);
}

bool hasRuns(const base::ByteWriter& encoded) {
    const ColumnCodec root = rootOf(encoded);
    return root == ColumnCodec::RunLength || root == ColumnCodec::PlacedRuns;
}

// Rows that hold each parent code's value, the NULL entry last.
std::vector<uint32_t> holdersOf(const DistinctValues& parent) {
    std::vector<uint32_t> holders(parent.representatives);
    if (parent.hasNull) {
        const auto null = std::find(parent.codes.begin(), parent.codes.end(), parent.count());
        holders.push_back(static_cast<uint32_t>(null - parent.codes.begin()));
    }
    return holders;
}

// Whether rows of equal parent code have equal values.
bool determinedByCode(const vector::Column& column, const DistinctValues& own,
                      const DistinctValues& parent, std::span<const uint32_t> holders) {
    const uint32_t rows = column.size();
    if (own.complete) {
        for (uint32_t row = 0; row < rows; ++row) {
            if (own.codes[row] != own.codes[holders[parent.codes[row]]])
                return false;
        }
        return true;
    }
    for (uint32_t row = 0; row < rows; ++row) {
        if (!column.rowEquals(row, column, holders[parent.codes[row]]))
            return false;
    }
    return true;
}

// Whether every run of the parent lies inside one run of the column.
bool determinedByRun(std::span<const uint32_t> own, std::span<const uint32_t> parent) {
    return !own.empty() && own.size() <= parent.size() &&
           std::includes(parent.begin(), parent.end(), own.begin(), own.end());
}

struct Child {
    uint32_t column;
    size_t saved;
    base::ByteWriter bytes;
};

// One way to use a parent, and the columns it would serve.
struct Candidate {
    uint32_t parent = 0;
    bool replaced = false;  // the parent needs `parentBytes` instead of its own form
    base::ByteWriter parentBytes;
    std::vector<Child> children;
    size_t benefit = 0;
};

class DependencySearch {
  public:
    DependencySearch(std::span<const vector::Column> columns, Effort effort,
                     std::span<const uint32_t> keys)
        : columns_(columns),
          effort_(effort),
          keys_(keys),
          profiles_(columns.size()),
          encoded_(columns.size()),
          roles_(columns.size(), Role::Alone) {}

    std::vector<EncodedColumn> run() {
        encodeAlone();
        while (applyBest()) {
        }
        for (EncodedColumn& column : encoded_) {
            auto& references = column.references;
            std::sort(references.begin(), references.end());
            references.erase(std::unique(references.begin(), references.end()), references.end());
        }
        return std::move(encoded_);
    }

  private:
    enum class Role : uint8_t { Alone, Parent, Derived };

    uint32_t count() const { return static_cast<uint32_t>(columns_.size()); }

    bool isKey(uint32_t column) const {
        return std::find(keys_.begin(), keys_.end(), column) != keys_.end();
    }

    void encodeAlone() {
        std::vector<IntegerColumn> integers;
        for (uint32_t c = 0; c < count(); ++c) {
            if (columns_[c].type().isInteger())
                integers.push_back({c, &columns_[c]});
        }
        for (uint32_t c = 0; c < count(); ++c) {
            NodeOptions options;
            options.effort = effort_;
            options.integers = integers;
            options.references = &encoded_[c].references;
            encodeColumn(columns_[c], options, encoded_[c].bytes, &profiles_[c]);
            const DistinctValues& distinct = profiles_[c].distinct;
            if (distinct.count() != 0 && !columns_[c].type().isFloat()) {
                encoded_[c].hasExtremes = true;
                encoded_[c].leastRow = distinct.representatives.front();
                encoded_[c].greatestRow = distinct.representatives.back();
            }
        }
        if (columns_[0].size() < kMinRows)
            return;
        for (uint32_t p = 0; p < count(); ++p) {
            byCodes(p);
            byRuns(p);
        }
    }

    // A column that may still be stored in terms of another.
    bool mayDerive(uint32_t column) const {
        const ColumnCodec root = rootOf(encoded_[column].bytes);
        return roles_[column] == Role::Alone && root != ColumnCodec::Constant &&
               root != ColumnCodec::Template;
    }

    NodeOptions mapOptions(uint32_t column) const {
        NodeOptions options;
        options.effort = effort_;
        options.runs = false;
        // A reader of text wants codes.
        options.forceDictionary = columns_[column].type().isBytes();
        return options;
    }

    void offerChild(Candidate& candidate, uint32_t column, base::ByteWriter&& bytes) const {
        // An eighth must be saved, for the second chunk that a reader has to open; less when the
        // parent is a key, which is read anyway.
        const size_t own = encoded_[column].bytes.size();
        const size_t limit = own - own / (isKey(candidate.parent) ? 16 : 8);
        if (bytes.size() + 16 >= limit)
            return;
        candidate.children.push_back({column, limit - bytes.size(), std::move(bytes)});
    }

    void byCodes(uint32_t parent) {
        const DistinctValues& values = profiles_[parent].distinct;
        const ColumnCodec root = rootOf(encoded_[parent].bytes);
        if (!values.complete || values.count() > columns_[parent].size() / 2 ||
            root == ColumnCodec::Constant) {
            return;
        }
        Candidate candidate;
        candidate.parent = parent;
        const auto holders = holdersOf(values);
        for (uint32_t c = 0; c < count(); ++c) {
            if (c == parent || isKey(c) || !mayDerive(c) ||
                !determinedByCode(columns_[c], profiles_[c].distinct, values, holders)) {
                continue;
            }
            base::ByteWriter entry;
            encodeDerivedByCode(columns_[c], parent, values, mapOptions(c), entry);
            offerChild(candidate, c, std::move(entry));
        }
        if (candidate.children.empty())
            return;
        if (root != ColumnCodec::Dictionary) {
            NodeOptions options;
            options.effort = effort_;
            options.forceDictionary = true;
            encodeColumn(columns_[parent], options, candidate.parentBytes);
            candidate.replaced = true;
        }
        candidates_.push_back(std::move(candidate));
    }

    void byRuns(uint32_t parent) {
        const auto& ends = profiles_[parent].runEnds;
        if (!hasRuns(encoded_[parent].bytes))
            return;
        Candidate candidate;
        candidate.parent = parent;
        for (uint32_t c = 0; c < count(); ++c) {
            if (c == parent || !mayDerive(c))
                continue;
            const vector::Column& values = columns_[c];
            base::ByteWriter entry;
            if (determinedByRun(profiles_[c].runEnds, ends)) {
                if (isKey(c))
                    continue;
                encodeDerivedByRun(values, parent, ends, mapOptions(c), entry);
            } else if (rootOf(encoded_[c].bytes) == ColumnCodec::Integers &&
                       encoded_[c].bytes.size() > size_t{2} * values.size()) {
                encodeGroupedDelta(values, parent, ends, effort_, entry);
            } else {
                continue;
            }
            offerChild(candidate, c, std::move(entry));
        }
        if (!candidate.children.empty())
            candidates_.push_back(std::move(candidate));
    }

    // What the candidate saves, given what was applied before.
    void weigh(Candidate& candidate) const {
        candidate.benefit = 0;
        if (roles_[candidate.parent] == Role::Derived)
            return;
        size_t saved = 0;
        for (const Child& child : candidate.children) {
            if (roles_[child.column] == Role::Alone)
                saved += child.saved;
        }
        const size_t own = encoded_[candidate.parent].bytes.size();
        size_t cost = 0;
        if (candidate.replaced && !hasCodes(candidate.parent)) {
            // A parent that serves by its runs must keep them.
            if (roles_[candidate.parent] == Role::Parent &&
                rootOf(candidate.parentBytes) != rootOf(encoded_[candidate.parent].bytes)) {
                return;
            }
            cost = candidate.parentBytes.size() - std::min(own, candidate.parentBytes.size());
        }
        candidate.benefit = saved > cost ? saved - cost : 0;
    }

    bool hasCodes(uint32_t column) const { return replaced_.size() > column && replaced_[column]; }

    bool applyBest() {
        Candidate* best = nullptr;
        for (Candidate& candidate : candidates_) {
            weigh(candidate);
            if (candidate.benefit != 0 && (best == nullptr || candidate.benefit > best->benefit)) {
                best = &candidate;
            }
        }
        if (best == nullptr)
            return false;
        const uint32_t parent = best->parent;
        if (best->replaced && !hasCodes(parent)) {
            encoded_[parent].bytes = std::move(best->parentBytes);
            encoded_[parent].references.clear();
            replaced_.resize(count());
            replaced_[parent] = true;
            // Other uses of the parent's runs remain possible only while it is stored as runs.
            if (!hasRuns(encoded_[parent].bytes))
                dropRunUses(parent);
        }
        roles_[parent] = Role::Parent;
        for (Child& child : best->children) {
            if (roles_[child.column] != Role::Alone)
                continue;
            encoded_[child.column].bytes = std::move(child.bytes);
            encoded_[child.column].references.assign(1, parent);
            roles_[child.column] = Role::Derived;
        }
        best->children.clear();
        return true;
    }

    void dropRunUses(uint32_t parent) {
        for (Candidate& candidate : candidates_) {
            if (candidate.parent != parent)
                continue;
            std::erase_if(candidate.children, [](const Child& child) {
                return child.bytes.size() == 0 || rootOf(child.bytes) != ColumnCodec::DerivedByCode;
            });
        }
    }

    // Fewer rows are not worth looking for dependencies.
    static constexpr uint32_t kMinRows = 64;

    std::span<const vector::Column> columns_;
    Effort effort_;
    std::span<const uint32_t> keys_;
    std::vector<ColumnProfile> profiles_;
    std::vector<EncodedColumn> encoded_;
    std::vector<Role> roles_;
    std::vector<Candidate> candidates_;
    std::vector<bool> replaced_;
};

}  // namespace

std::vector<EncodedColumn> encodeColumns(std::span<const vector::Column> columns, Effort effort,
                                         std::span<const uint32_t> keys) {
    return DependencySearch(columns, effort, keys).run();
}

}  // namespace footfall::encoding
