// One commit of a Delta Lake log: what it says and its JSON.
//
// Understood is protocol (1, 2) and below: protocol, metaData, add, remove, txn and commitInfo.
// parse() refuses everything else (deletion vectors, column mapping, table features, absolute
// paths) with Unsupported, and text that is no commit with CorruptData: a log of which a part is
// ignored would give wrong answers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace footfall::archive {

struct DeltaProtocol {
    int minReader = 1;
    int minWriter = 2;
};

struct DeltaField {
    std::string name;
    std::string type;  // "long", "timestamp", "decimal(12,2)", …
};

struct DeltaMetadata {
    std::string id;
    std::string name;
    std::string schema;  // JSON, see deltaSchema()
    std::vector<std::string> partitionColumns;
    std::map<std::string, std::string> configuration;
    int64_t createdMillis = 0;
};

// A NULL partition value has no text.
using PartitionValues = std::map<std::string, std::optional<std::string>>;

struct DeltaAdd {
    std::string key;  // of the object, relative to the table
    PartitionValues partitionValues;
    uint64_t size = 0;
    int64_t modifiedMillis = 0;
    bool dataChange = true;
    std::string stats;  // JSON, or empty
};

struct DeltaRemove {
    std::string key;
    int64_t deletedMillis = 0;
    bool dataChange = true;
};

struct DeltaTransaction {
    std::string application;
    int64_t version = 0;
};

struct DeltaCommit {
    int64_t timestampMillis = 0;
    std::string operation;  // commitInfo's; only written
    std::optional<DeltaProtocol> protocol;
    std::optional<DeltaMetadata> metadata;
    std::vector<DeltaAdd> adds;
    std::vector<DeltaRemove> removes;
    std::vector<DeltaTransaction> transactions;
};

// `id` makes the text unlike any other commit's.
std::string serializeCommit(const DeltaCommit& commit, const std::string& id);
DeltaCommit parseCommit(std::string_view text);

// The schema as metaData keeps it; every field is nullable.
std::string deltaSchema(const std::vector<DeltaField>& fields);
// Whether the schema has constraints that every writer must check.
bool hasInvariants(const std::string& schema);

// "day=2026-11-21/country=DE/": the folder of a partition as Hive names it.
std::string hiveFolder(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& values);

}  // namespace footfall::archive
