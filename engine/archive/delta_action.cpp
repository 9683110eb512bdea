#include "engine/archive/delta_action.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/archive/object_store.h"
#include "engine/archive/uri.h"
#include "engine/base/error.h"

namespace footfall::archive {
namespace {

using Json = nlohmann::json;

constexpr int kReaderVersion = 1;
constexpr int kWriterVersion = 2;
constexpr const char* kNullPartition = "__HIVE_DEFAULT_PARTITION__";

[[noreturn]] void malformed(const char* what) {
    base::throwCorrupt("the Delta log has a malformed %s", what);
}

const Json& need(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end())
        malformed(name);
    return *found;
}

std::string text(const Json& object, const char* name) {
    const Json& value = need(object, name);
    if (!value.is_string())
        malformed(name);
    return value.get<std::string>();
}

std::string optionalText(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? std::string() : text(object, name);
}

int64_t integer(const Json& object, const char* name) {
    const Json& value = need(object, name);
    if (!value.is_number_integer() ||
        (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX)) {
        malformed(name);
    }
    return value.get<int64_t>();
}

bool flag(const Json& object, const char* name, bool missing) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null())
        return missing;
    if (!found->is_boolean())
        malformed(name);
    return found->get<bool>();
}

int64_t optionalInteger(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? 0 : integer(object, name);
}

// Delta's paths are URIs relative to the table, or absolute ones, which are somebody else's files.
std::string decodePath(const std::string& path) {
    std::string key = percentDecode(path);
    const size_t colon = path.find(':');
    bool inside = !path.starts_with('/') && (colon == std::string::npos || colon > path.find('/'));
    try {
        checkKey(key);
    } catch (const base::Error&) {
        inside = false;
    }
    if (!inside)
        base::throwUnsupported("the Delta log names a file that cannot be one of the table's");
    return key;
}

std::string encodePath(const std::string& key) {
    std::string path = percentEncode(key, true);
    for (size_t at = path.find("%3D"); at != std::string::npos; at = path.find("%3D", at))
        path.replace(at, 3, "=");
    return path;
}

void refuseDeletionVector(const Json& action) {
    const auto found = action.find("deletionVector");
    if (found != action.end() && !found->is_null())
        base::throwUnsupported("the Delta table has deletion vectors");
}

DeltaProtocol parseProtocol(const Json& action) {
    const int64_t reader = integer(action, "minReaderVersion");
    const int64_t writer = integer(action, "minWriterVersion");
    if (reader < 0 || writer < 0)
        malformed("protocol");
    if (reader > kReaderVersion || writer > kWriterVersion) {
        throw base::Error(base::ErrorKind::Unsupported,
                          "the Delta table needs reader version %lld and writer version %lld",
                          static_cast<long long>(reader), static_cast<long long>(writer))
            .withDetail("This release knows up to %d and %d.", kReaderVersion, kWriterVersion);
    }
    return {static_cast<int>(reader), static_cast<int>(writer)};
}

DeltaMetadata parseMetadata(const Json& action) {
    DeltaMetadata result;
    result.id = text(action, "id");
    result.name = optionalText(action, "name");
    result.schema = text(action, "schemaString");
    result.createdMillis = optionalInteger(action, "createdTime");
    const Json& format = need(action, "format");
    if (!format.is_object() || text(format, "provider") != "parquet")
        base::throwUnsupported("the Delta table's files are not Parquet");
    const Json& columns = need(action, "partitionColumns");
    if (!columns.is_array())
        malformed("partitionColumns");
    for (const Json& column : columns) {
        if (!column.is_string())
            malformed("partitionColumns");
        result.partitionColumns.push_back(column.get<std::string>());
    }
    const auto configuration = action.find("configuration");
    if (configuration != action.end() && !configuration->is_null()) {
        if (!configuration->is_object())
            malformed("configuration");
        for (const auto& [name, value] : configuration->items()) {
            if (!value.is_string())
                malformed("configuration");
            result.configuration[name] = value.get<std::string>();
        }
    }
    return result;
}

DeltaAdd parseAdd(const Json& action) {
    refuseDeletionVector(action);
    DeltaAdd result;
    result.key = decodePath(text(action, "path"));
    const int64_t size = integer(action, "size");
    if (size < 0)
        malformed("size");
    result.size = static_cast<uint64_t>(size);
    result.modifiedMillis = integer(action, "modificationTime");
    result.dataChange = flag(action, "dataChange", true);
    result.stats = optionalText(action, "stats");
    const Json& values = need(action, "partitionValues");
    if (!values.is_object())
        malformed("partitionValues");
    for (const auto& [name, value] : values.items()) {
        if (!value.is_string() && !value.is_null())
            malformed("partitionValues");
        auto& slot = result.partitionValues[name];
        if (value.is_string())
            slot = value.get<std::string>();
    }
    return result;
}

DeltaRemove parseRemove(const Json& action) {
    refuseDeletionVector(action);
    return {decodePath(text(action, "path")), optionalInteger(action, "deletionTimestamp"),
            flag(action, "dataChange", true)};
}

void parseAction(std::string_view line, DeltaCommit& commit) {
    const Json document = Json::parse(line, nullptr, false);
    if (!document.is_object() || document.size() != 1 || !document.front().is_object())
        malformed("action");
    const std::string& kind = document.begin().key();
    const Json& action = document.front();
    if (kind == "protocol") {
        commit.protocol = parseProtocol(action);
    } else if (kind == "metaData") {
        commit.metadata = parseMetadata(action);
    } else if (kind == "add") {
        commit.adds.push_back(parseAdd(action));
    } else if (kind == "remove") {
        commit.removes.push_back(parseRemove(action));
    } else if (kind == "txn") {
        commit.transactions.push_back({text(action, "appId"), integer(action, "version")});
    } else if (kind == "commitInfo") {
        const auto found = action.find("timestamp");
        if (found != action.end() && found->is_number_integer())
            commit.timestampMillis = found->get<int64_t>();
    } else {
        base::throwUnsupported("the Delta log has an action \"%.40s\"", kind.c_str());
    }
}

void appendLine(std::string& out, const char* kind, Json action) {
    // Text that is no UTF-8 is the caller's mistake; strict dumping would throw nlohmann's own.
    out += Json{{kind, std::move(action)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    out += '\n';
}

Json partitionJson(const PartitionValues& values) {
    Json result = Json::object();
    for (const auto& [name, value] : values)
        result[name] = value ? Json(*value) : Json();
    return result;
}

// What Hive escapes in names and values of folders.
std::string hiveEscape(const std::string& value) {
    std::string result;
    for (const char byte : value) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x20 || code == 0x7f ||
            std::string_view("\"#%'*/:=?\\{[]^").find(byte) != std::string_view::npos) {
            result += '%';
            result += "0123456789ABCDEF"[code >> 4];
            result += "0123456789ABCDEF"[code & 15];
        } else {
            result += byte;
        }
    }
    return result;
}

}  // namespace

std::string serializeCommit(const DeltaCommit& commit, const std::string& id) {
    std::string out;
    appendLine(out, "commitInfo",
               {{"timestamp", commit.timestampMillis},
                {"operation", commit.operation},
                {"operationParameters", Json::object()},
                {"engineInfo", "footfall"},
                {"txnId", id}});
    if (commit.protocol) {
        appendLine(out, "protocol",
                   {{"minReaderVersion", commit.protocol->minReader},
                    {"minWriterVersion", commit.protocol->minWriter}});
    }
    if (commit.metadata) {
        const DeltaMetadata& metadata = *commit.metadata;
        appendLine(out, "metaData",
                   {{"id", metadata.id},
                    {"name", metadata.name},
                    {"format", {{"provider", "parquet"}, {"options", Json::object()}}},
                    {"schemaString", metadata.schema},
                    {"partitionColumns", metadata.partitionColumns},
                    {"configuration", metadata.configuration},
                    {"createdTime", metadata.createdMillis}});
    }
    for (const DeltaTransaction& transaction : commit.transactions) {
        appendLine(out, "txn",
                   {{"appId", transaction.application}, {"version", transaction.version}});
    }
    for (const DeltaRemove& remove : commit.removes) {
        appendLine(out, "remove",
                   {{"path", encodePath(remove.key)},
                    {"deletionTimestamp", remove.deletedMillis},
                    {"dataChange", remove.dataChange}});
    }
    for (const DeltaAdd& add : commit.adds) {
        Json action = {{"path", encodePath(add.key)},
                       {"partitionValues", partitionJson(add.partitionValues)},
                       {"size", add.size},
                       {"modificationTime", add.modifiedMillis},
                       {"dataChange", add.dataChange}};
        if (!add.stats.empty())
            action["stats"] = add.stats;
        appendLine(out, "add", std::move(action));
    }
    return out;
}

DeltaCommit parseCommit(std::string_view text) {
    DeltaCommit commit;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (line.find_first_not_of(" \t\r") != std::string_view::npos)
            parseAction(line, commit);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return commit;
}

std::string deltaSchema(const std::vector<DeltaField>& fields) {
    Json list = Json::array();
    for (const DeltaField& field : fields) {
        list.push_back({{"name", field.name},
                        {"type", field.type},
                        {"nullable", true},
                        {"metadata", Json::object()}});
    }
    return Json{{"type", "struct"}, {"fields", std::move(list)}}.dump(
        -1, ' ', false, Json::error_handler_t::replace);
}

bool hasInvariants(const std::string& schema) {
    return schema.find("\"delta.invariants\"") != std::string::npos;
}

std::string hiveFolder(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& values) {
    std::string result;
    for (const auto& [name, value] : values) {
        // Hive takes the empty text for NULL, too.
        result += hiveEscape(name) + "=" +
                  (value && !value->empty() ? hiveEscape(*value) : kNullPartition) + "/";
    }
    return result;
}

}  // namespace footfall::archive
