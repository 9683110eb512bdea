#include "engine/archive/archived_column.h"

#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/checksum.h"
#include "engine/segment/segment_meta.h"

namespace footfall::archive {
namespace {

using Json = nlohmann::json;
using vector::Kind;

constexpr int kFooterVersion = 1;

uint64_t number(const Json& object, const char* name, uint64_t limit) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > limit)
        base::throwCorrupt("the footer of an archived file lacks a valid \"%s\"", name);
    return found->get<uint64_t>();
}

const Json& array(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_array())
        base::throwCorrupt("the footer of an archived file lacks a valid \"%s\"", name);
    return *found;
}

}  // namespace

bool ArchivedColumn::valid() const noexcept {
    if (!stored.valid() || name.empty())
        return false;
    switch (meaning) {
        case Meaning::Plain:
            return true;
        case Meaning::Text:
        case Meaning::Json:
        case Meaning::NumericText:
            return stored.kind == Kind::Bytes;
        case Meaning::Uuid:
            return stored.kind == Kind::Fixed && stored.width == 16;
        case Meaning::Date:
            return stored.kind == Kind::Int32;
        case Meaning::Timestamp:
        case Meaning::TimestampTz:
        case Meaning::Time:
            return stored.kind == Kind::Int64;
        case Meaning::Decimal:
            return stored.kind == Kind::Bytes && precision >= 1 && precision <= kMaxPrecision &&
                   scale <= precision;
    }
    return false;
}

std::string ArchivedColumn::deltaType() const {
    switch (meaning) {
        case Meaning::Plain:
            break;
        case Meaning::Text:
        case Meaning::Json:
        case Meaning::Uuid:
        case Meaning::NumericText:
            return "string";
        case Meaning::Date:
            return "date";
        case Meaning::Timestamp:
        case Meaning::TimestampTz:
            return "timestamp";
        case Meaning::Time:
            return "long";
        case Meaning::Decimal:
            return "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    }
    switch (stored.kind) {
        case Kind::Bool:
            return "boolean";
        case Kind::Int8:
            return "byte";
        case Kind::Int16:
            return "short";
        case Kind::Int32:
            return "integer";
        case Kind::Int64:
            return "long";
        case Kind::Float32:
            return "float";
        case Kind::Float64:
            return "double";
        case Kind::Fixed:
        case Kind::Bytes:
            break;
    }
    return "binary";
}

std::string ArchivedFooter::serialize() const {
    Json columnList = Json::array();
    for (const ArchivedColumn& column : columns) {
        columnList.push_back({{"name", column.name},
                              {"kind", static_cast<unsigned>(column.stored.kind)},
                              {"content", static_cast<unsigned>(column.stored.content)},
                              {"width", column.stored.width},
                              {"meaning", static_cast<unsigned>(column.meaning)},
                              {"precision", column.precision},
                              {"scale", column.scale}});
    }
    Json groupList = Json::array();
    for (const ArchivedGroup& group : groups)
        groupList.push_back({{"rows", group.rows}, {"checksums", group.checksums}});
    return Json{{"version", kFooterVersion},
                {"columns", std::move(columnList)},
                {"groups", std::move(groupList)}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

ArchivedFooter ArchivedFooter::parse(const std::string& text) {
    const Json document = Json::parse(text, nullptr, false);
    if (!document.is_object())
        base::throwCorrupt("the footer of an archived file is no JSON object");
    if (number(document, "version", UINT32_MAX) != kFooterVersion)
        base::throwUnsupported("an archived file has a footer of a later version");
    ArchivedFooter result;
    std::set<std::string> names;
    for (const Json& item : array(document, "columns")) {
        if (!item.is_object() || !item.contains("name") || !item["name"].is_string())
            base::throwCorrupt("the footer of an archived file has an invalid column");
        ArchivedColumn column;
        column.name = item["name"].get<std::string>();
        column.stored.kind = static_cast<Kind>(number(item, "kind", UINT8_MAX));
        column.stored.content = static_cast<vector::Content>(number(item, "content", UINT8_MAX));
        column.stored.width = static_cast<uint16_t>(number(item, "width", UINT16_MAX));
        column.meaning = static_cast<Meaning>(number(item, "meaning", UINT8_MAX));
        column.precision = static_cast<uint8_t>(number(item, "precision", UINT8_MAX));
        column.scale = static_cast<uint8_t>(number(item, "scale", UINT8_MAX));
        if (!column.valid() || !names.insert(column.name).second)
            base::throwCorrupt("the footer of an archived file has an invalid column");
        result.columns.push_back(std::move(column));
    }
    if (result.columns.empty() || result.columns.size() > segment::kMaxColumns)
        base::throwCorrupt("the footer of an archived file has too few or too many columns");
    for (const Json& item : array(document, "groups")) {
        if (!item.is_object())
            base::throwCorrupt("the footer of an archived file has an invalid row group");
        ArchivedGroup group;
        group.rows = static_cast<uint32_t>(number(item, "rows", segment::kMaxRows));
        const Json& checksums = array(item, "checksums");
        for (const Json& checksum : checksums) {
            if (!checksum.is_number_unsigned() || checksum.get<uint64_t>() > UINT32_MAX)
                base::throwCorrupt("the footer of an archived file has an invalid checksum");
            group.checksums.push_back(checksum.get<uint32_t>());
        }
        if (group.checksums.size() != result.columns.size())
            base::throwCorrupt("the footer of an archived file has an invalid row group");
        result.groups.push_back(std::move(group));
    }
    return result;
}

uint32_t columnChecksum(const vector::Column& column) {
    const uint32_t rows = column.size();
    const auto add = [](uint32_t seed, const void* data, size_t size) {
        return base::crc32c({static_cast<const std::byte*>(data), size}, seed);
    };
    uint32_t sum = add(0, &rows, sizeof(rows));
    if (column.nullCount() != 0)
        sum = add(sum, column.nullBits(), (size_t{rows} + 63) / 64 * sizeof(uint64_t));
    if (column.type().isBytes()) {
        sum = add(sum, column.offsets(), size_t{rows} * sizeof(uint32_t));
        return add(sum, column.heap(), column.byteSize());
    }
    const size_t width = column.type().width;
    if (column.nullCount() == 0)
        return rows == 0 ? sum : add(sum, column.fixedAt(0), rows * width);
    // What lies under a NULL does not count.
    for (uint32_t row = 0; row < rows; ++row) {
        if (!column.isNull(row))
            sum = add(sum, column.fixedAt(row), width);
    }
    return sum;
}

}  // namespace footfall::archive
