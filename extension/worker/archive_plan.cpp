// See archive_plan.h.
#include "extension/worker/archive_plan.h"

#include <cstring>

#include "engine/base/hash.h"
#include "extension/archive/module.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/storage/value.h"

namespace footfall::worker {

namespace {

constexpr int kObjectSegments = 16;
constexpr int64 kObjectBytes = int64{512} * 1024 * 1024;  // raw

char* copyText(const std::string& text) {
    auto* copy = static_cast<char*>(
        MemoryContextAllocExtended(CurrentMemoryContext, text.size() + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) {
        throw std::bad_alloc();
    }
    memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

// The id of the Delta table of a root, as a UUID is written: always the same of the same table in
// the same cluster, so that its folder is known again when nothing of it is in the manifest.
char* logIdOf(Oid root) {
    const struct {
        uint64 system;
        Oid database;
        Oid root;
    } identity = {GetSystemIdentifier(), MyDatabaseId, root};
    const uint64 high = base::hashBytes(&identity, sizeof(identity));
    const uint64 low = base::hashInteger(high + identity.root);
    return psprintf("%08x-%04x-%04x-%04x-%08x%04x", static_cast<uint32>(high >> 32),
                    static_cast<uint32>(high >> 16 & 0xffff), static_cast<uint32>(high & 0xffff),
                    static_cast<uint32>(low >> 48), static_cast<uint32>(low >> 16 & 0xffffffff),
                    static_cast<uint32>(low & 0xffff));
}

char* randomName() {
    char* result = nullptr;
    pg::enterEngine([&] { result = copyText("part-" + archive::newId() + ".zstd.parquet"); });
    return result;
}

// A part of a key: characters that every store and engine takes.
char* keyPart(const char* name) {
    char* part = pstrdup(name);
    for (char* at = part; *at != '\0'; at++) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x21 || byte == 0x7f || strchr("/\\%?*:|\"<>{}^[]`#~&=+,;'", *at) != nullptr) {
            *at = '_';
        }
    }
    return part;
}

bool sameColumns(const catalog::SegmentRow& a, const catalog::SegmentRow& b) {
    return a.columns == b.columns &&
           memcmp(a.attributes, b.attributes, sizeof(int16) * static_cast<Size>(a.columns)) == 0;
}

bool isPlanned(const catalog::ArchiveObjectList& objects, const catalog::SegmentRow& row) {
    const int64 fingerprint = catalog::fingerprintOf(row);
    for (int i = 0; i < objects.count; i++) {
        const catalog::ArchiveObject& object = objects.rows[i];
        if (catalog::isLeft(object.state) || object.state == catalog::ObjectState::Switched) {
            continue;
        }
        for (int s = 0; s < object.segmentCount; s++) {
            if (object.segments[s] == row.number && object.fingerprints[s] == fingerprint) {
                return true;
            }
        }
    }
    return false;
}

void planObject(Relation leaf, const ArchivePlace& place, const catalog::SegmentRow* const* rows,
                int count) {
    const Oid storage = catalog::storageOf(leaf);
    catalog::ArchiveObject object = {};
    object.storage = storage;
    object.id = catalog::nextArchiveObject();
    object.relation = RelationGetRelid(leaf);
    object.root = place.root;
    object.server = place.server;
    object.folder = place.folder;
    object.log = place.log;
    Relation root = relation_open(place.root, AccessShareLock);
    const char* column = partitionColumnOf(root);
    relation_close(root, NoLock);
    const char* name = RelationGetRelationName(leaf);
    char* directory = nullptr;
    pg::enterEngine([&] {
        archive::HiveValues values;
        values.emplace_back(column, std::string(name));
        directory = copyText(archive::folderOf(values));
    });
    object.key = psprintf("%s%s", directory, randomName());
    object.state = catalog::ObjectState::Planned;
    object.segmentCount = count;
    object.segments = static_cast<int32*>(palloc(sizeof(int32) * static_cast<Size>(count)));
    object.deleted = static_cast<int32*>(palloc(sizeof(int32) * static_cast<Size>(count)));
    object.fingerprints = static_cast<int64*>(palloc(sizeof(int64) * static_cast<Size>(count)));
    object.attributeCount = rows[0]->columns;
    object.attributes = rows[0]->attributes;
    for (int i = 0; i < count; i++) {
        object.segments[i] = rows[i]->number;
        object.fingerprints[i] = catalog::fingerprintOf(*rows[i]);
        object.deleted[i] = 0;
        (void)catalog::deletedRows(storage, false, rows[i]->number, rows[i]->rows,
                                   GetActiveSnapshot(), &object.deleted[i]);
        object.rows += rows[i]->rows;
    }
    catalog::insertArchiveObject(object);
}

// numeric(p, s) that Parquet has a type for.
void describeNumeric(int32 typmod, ColumnPlan* plan) {
    plan->meaning = archive::Meaning::NumericText;
    if (typmod < static_cast<int32>(VARHDRSZ)) {
        return;
    }
    const int32 packed = typmod - static_cast<int32>(VARHDRSZ);
    const int precision = (packed >> 16) & 0xffff;
    const int scale = ((packed & 0x7ff) ^ 1024) - 1024;
    if (precision <= archive::kMaxPrecision && scale >= 0 && scale <= precision) {
        plan->meaning = archive::Meaning::Decimal;
        plan->precision = static_cast<uint8>(precision);
        plan->scale = static_cast<uint8>(scale);
    }
}

void describeType(Form_pg_attribute attribute, ColumnPlan* plan) {
    int32 typmod = attribute->atttypmod;
    const Oid type = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
    // Other engines' text is UTF-8.
    const bool text = GetDatabaseEncoding() == PG_UTF8;
    switch (type) {
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case XMLOID:
            plan->meaning = text ? archive::Meaning::Text : archive::Meaning::Plain;
            break;
        case JSONOID:
            plan->meaning = text ? archive::Meaning::Json : archive::Meaning::Plain;
            break;
        case UUIDOID:
            plan->meaning = archive::Meaning::Uuid;
            break;
        case DATEOID:
            plan->meaning = archive::Meaning::Date;
            break;
        case TIMESTAMPOID:
            plan->meaning = archive::Meaning::Timestamp;
            break;
        case TIMESTAMPTZOID:
            plan->meaning = archive::Meaning::TimestampTz;
            break;
        case TIMEOID:
            plan->meaning = archive::Meaning::Time;
            break;
        case NUMERICOID:
            describeNumeric(typmod, plan);
            break;
        default:
            plan->meaning = archive::Meaning::Plain;
            break;
    }
}

}  // namespace

Oid rootOf(Oid relation) {
    if (!get_rel_relispartition(relation)) {
        return relation;
    }
    List* ancestors = get_partition_ancestors(relation);
    return ancestors == NIL ? relation : llast_oid(ancestors);
}

ArchivePlace placeOf(Oid root, const char* server) {
    ArchivePlace place = {root, pstrdup(server), nullptr, nullptr, false};
    const catalog::ArchiveObjectList all = catalog::listArchiveObjects(InvalidOid, true);
    for (int i = 0; i < all.count; i++) {
        // A table that is gone may have had the same number.
        if (all.rows[i].root == root && OidIsValid(all.rows[i].storage) &&
            strcmp(all.rows[i].server, server) == 0) {
            place.folder = all.rows[i].folder;
            place.log = all.rows[i].log;
            place.known = true;
            return place;
        }
    }
    place.folder = psprintf("%s.%s/", keyPart(get_namespace_name(get_rel_namespace(root))),
                            keyPart(get_rel_name(root)));
    place.log = logIdOf(root);
    return place;
}

void avoidFolder(ArchivePlace* place) {
    place->folder[strlen(place->folder) - 1] = '\0';
    place->folder = psprintf("%s-%.8s/", place->folder, place->log);
}

int planObjects(Relation leaf, const ArchivePlace& place) {
    const Oid storage = catalog::storageOf(leaf);
    const catalog::ArchiveObjectList objects = catalog::listArchiveObjects(storage);
    const catalog::SegmentList list = catalog::listSegments(storage, false, GetActiveSnapshot());
    const catalog::SegmentRow* chosen[kObjectSegments];
    int count = 0;
    int64 bytes = 0;
    int planned = 0;
    for (int i = 0; i < list.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const catalog::SegmentRow& row = list.rows[i];
        if (row.isCold() || row.columns == 0 || isPlanned(objects, row)) {
            continue;
        }
        if (count > 0 && (count == kObjectSegments || bytes + row.rawBytes > kObjectBytes ||
                          !sameColumns(*chosen[0], row))) {
            planObject(leaf, place, chosen, count);
            planned++;
            count = 0;
            bytes = 0;
        }
        chosen[count++] = &row;
        bytes += row.rawBytes;
    }
    if (count > 0) {
        planObject(leaf, place, chosen, count);
        planned++;
    }
    return planned;
}

ColumnPlan* describeColumns(Relation leaf, const catalog::ArchiveObject& object) {
    TupleDesc descriptor = RelationGetDescr(leaf);
    auto* plans = static_cast<ColumnPlan*>(
        palloc0(sizeof(ColumnPlan) * static_cast<Size>(Max(object.attributeCount, 1))));
    for (int i = 0; i < object.attributeCount; i++) {
        ColumnPlan& plan = plans[i];
        plan.attribute = object.attributes[i];
        Form_pg_attribute attribute = plan.attribute >= 1 && plan.attribute <= descriptor->natts
                                          ? TupleDescAttr(descriptor, plan.attribute - 1)
                                          : nullptr;
        plan.dropped = attribute == nullptr || attribute->attisdropped;
        if (plan.dropped) {
            // No name of a column begins with a dot in other engines' tables.
            plan.name = psprintf("_footfall_dropped_%d", plan.attribute);
            plan.meaning = archive::Meaning::Plain;
            continue;
        }
        plan.name = pstrdup(NameStr(attribute->attname));
        describeType(attribute, &plan);
    }
    return plans;
}

char* describeSchema(Relation root) {
    TupleDesc descriptor = RelationGetDescr(root);
    const int natts = descriptor->natts;
    auto* plans =
        static_cast<ColumnPlan*>(palloc0(sizeof(ColumnPlan) * static_cast<Size>(Max(natts, 1))));
    auto* types = static_cast<vector::ColumnType*>(
        palloc0(sizeof(vector::ColumnType) * static_cast<Size>(Max(natts, 1))));
    int count = 0;
    for (int i = 0; i < natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (storage::isStored(attribute)) {
            types[count] = storage::columnTypeOf(attribute);
            plans[count].name = pstrdup(NameStr(attribute->attname));
            describeType(attribute, &plans[count]);
            count++;
        }
    }
    const char* partition = partitionColumnOf(root);
    char* schema = nullptr;
    pg::enterEngine([&] {
        std::vector<archive::DeltaField> fields;
        for (int i = 0; i < count; i++) {
            const archive::ArchivedColumn column = {plans[i].name, types[i], plans[i].meaning,
                                                    plans[i].precision, plans[i].scale};
            fields.push_back({column.name, archive::deltaTypeOf(column)});
        }
        fields.push_back({partition, "string"});
        schema = copyText(archive::schemaOf(fields));
    });
    return schema;
}

char* partitionColumnOf(Relation root) {
    TupleDesc descriptor = RelationGetDescr(root);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        // Other engines tell no upper from lower case.
        if (!attribute->attisdropped &&
            pg_strcasecmp(NameStr(attribute->attname), kPartitionColumn) == 0) {
            ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                            errmsg("table \"%s\" with a column \"%s\" cannot be archived",
                                   RelationGetRelationName(root), NameStr(attribute->attname)),
                            errdetail("Archives name the partition of each row in a column of that "
                                      "name."),
                            errhint("ALTER TABLE ... RENAME COLUMN.")));
        }
    }
    return pstrdup(kPartitionColumn);
}

}  // namespace footfall::worker
