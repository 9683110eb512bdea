#include "engine/aggregate/spill.h"

#include "engine/aggregate/state_format.h"

namespace footfall::aggregate {

void Spill::write(const Store& store) {
    struct Record {
        base::ByteWriter groups;
        uint32_t count = 0;
    };
    std::array<Record, kParts> records;
    StateWriter writer(store, resource_);
    const auto flush = [&](uint32_t part) {
        Record& record = records[part];
        if (record.count == 0)
            return;
        if (!current_[part].has_value())
            current_[part] = next_++;
        base::ByteWriter whole;
        writer.writeHeader(whole, record.count);
        whole.append(record.groups.bytes());
        source_.write(*current_[part], whole.bytes());
        record.groups.clear();
        record.count = 0;
    };
    for (uint32_t group = 0; group < store.groups(); ++group) {
        const auto part =
            static_cast<uint32_t>(store.table().hashOf(group) >> level_ * kBits) % kParts;
        writer.writeGroup(records[part].groups, group);
        ++records[part].count;
        if (records[part].groups.size() >= kRecordBytes)
            flush(part);
    }
    for (uint32_t part = 0; part < kParts; ++part)
        flush(part);
}

void Spill::endLevel() {
    for (std::optional<uint32_t>& file : current_) {
        if (file.has_value())
            pending_.push_back({*file, level_});
        file.reset();
    }
}

bool Spill::open() {
    if (pending_.empty())
        return false;
    open_ = pending_.back().file;
    level_ = pending_.back().level + 1;
    pending_.pop_back();
    return true;
}

bool Spill::read(base::Buffer& record) {
    if (source_.read(open_, record))
        return true;
    source_.drop(open_);
    return false;
}

}  // namespace footfall::aggregate
