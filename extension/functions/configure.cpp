// footfall.configure(relation, ...), footfall.reset(relation, setting),
// footfall.order_key(relation).
//
// configure takes ShareUpdateExclusiveLock, as ALTER TABLE ... SET (...) does: readers and writers
// go on, a segment that is being written has the former order key or the new one. Every argument is
// checked before the first row is written.
#include "extension/archive/server.h"
#include "extension/catalog/amount_expression.h"
#include "extension/catalog/catalog_scan.h"
#include "extension/catalog/configuration.h"
#include "extension/catalog/job_record.h"
#include "extension/functions/partitions.h"
#include "extension/module/settings.h"
#include "extension/module/worker_slots.h"
#include "extension/partition/new_partition.h"
#include "extension/partition/table_owner.h"
#include "extension/storage/rewrite.h"
#include "extension/storage/value.h"

#include <cstring>

namespace footfall::functions {

namespace {

enum class Kind {
    Time,
    Identifier,
    Event,
    Amount,
    OrderBy,
    PartitionInterval,
    Premake,
    Age,
    TimeZone,
    Window,
    Server,
    Bytes
};

struct Argument {
    const char* name;
    Kind kind;
};

// In the order of the function's arguments, after the relation.
constexpr Argument kArguments[] = {
    {catalog::kTimeColumn, Kind::Time},
    {catalog::kCustomerColumn, Kind::Identifier},
    {"event_column", Kind::Event},
    {"session_column", Kind::Identifier},
    {"product_column", Kind::Identifier},
    {"order_column", Kind::Identifier},
    {"campaign_column", Kind::Identifier},
    {catalog::kAmount, Kind::Amount},
    {catalog::kOrderBy, Kind::OrderBy},
    {partition::kPartitionInterval, Kind::PartitionInterval},
    {partition::kPremake, Kind::Premake},
    {partition::kSealAfter, Kind::Age},
    {partition::kCompactAfter, Kind::Age},
    {partition::kArchiveTo, Kind::Server},
    {partition::kArchiveAfter, Kind::Age},
    {partition::kArchiveAbove, Kind::Bytes},
    {partition::kRetain, Kind::Age},
    {partition::kTimeZone, Kind::TimeZone},
    {partition::kMaintenanceWindow, Kind::Window},
};
constexpr int kArgumentCount = static_cast<int>(std::size(kArguments));

// The columns of the relation, for a hint.
char* columnsOf(Relation relation) {
    StringInfoData names;
    initStringInfo(&names);
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped) {
            appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
                             NameStr(attribute->attname));
        }
    }
    return names.data;
}

Form_pg_attribute findColumn(Relation relation, const char* setting, const char* name) {
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped && namestrcmp(&attribute->attname, name) == 0) {
            return attribute;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("%s: column \"%s\" of relation \"%s\" does not exist", setting, name,
                           RelationGetRelationName(relation)),
                    errhint("Its columns are %s.", columnsOf(relation))));
}

bool isTime(Oid type) {
    return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

bool isName(Oid type) {
    char category = '\0';
    bool preferred = false;
    get_type_category_preferred(type, &category, &preferred);
    return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM || type == INT2OID ||
           type == INT4OID || type == INT8OID;
}

bool isIdentifier(Oid type) {
    return isName(type) || type == NUMERICOID || type == UUIDOID || type == BYTEAOID ||
           type == OIDOID;
}

const char* checkRole(Relation relation, const Argument& argument, const char* name) {
    Form_pg_attribute column = findColumn(relation, argument.name, name);
    const Oid type = getBaseType(column->atttypid);
    const char* wanted = nullptr;
    switch (argument.kind) {
        case Kind::Time:
            wanted = isTime(type) ? nullptr : "timestamp with time zone, timestamp or date";
            break;
        case Kind::Event:
            wanted = isName(type) ? nullptr : "text, an enum or an integer";
            break;
        default:
            wanted = isIdentifier(type) ? nullptr : "an integer, numeric, text, an enum or uuid";
            break;
    }
    if (wanted != nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH),
                 errmsg("%s: column \"%s\" of relation \"%s\" is of type %s", argument.name, name,
                        RelationGetRelationName(relation), format_type_be(column->atttypid)),
                 errhint("It must be %s.", wanted)));
    }
    return name;
}

// The text form of a valid order key.
const char* checkOrder(Relation relation, ArrayType* array) {
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("order_by must be a one-dimensional array of column names")));
    }
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    if (count > catalog::kMaxOrderKeys) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("order_by has %d columns, %d are the most", count, catalog::kMaxOrderKeys),
                 errhint("The first two or three decide: usually the customer and the time.")));
    }
    List* names = NIL;
    for (int i = 0; i < count; i++) {
        if (nulls[i]) {
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                            errmsg("order_by must not contain nulls")));
        }
        char* name = TextDatumGetCString(elements[i]);
        Form_pg_attribute column = findColumn(relation, catalog::kOrderBy, name);
        if (!storage::isStored(column)) {
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("order_by: column \"%s\" is a virtual generated column", name),
                     errhint("Order by the columns it is computed from, or make it STORED.")));
        }
        TypeCacheEntry* type = lookup_type_cache(column->atttypid, TYPECACHE_LT_OPR);
        if (!OidIsValid(type->lt_opr)) {
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("order_by: column \"%s\" is of type %s, which has no order",
                                   name, format_type_be(column->atttypid)),
                            errhint("Order by columns that look-ups compare, usually the customer "
                                    "and the time.")));
        }
        ListCell* cell;
        foreach (cell, names) {
            if (strcmp(static_cast<char*>(lfirst(cell)), name) == 0) {
                ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                                errmsg("order_by: column \"%s\" is named twice", name)));
            }
        }
        names = lappend(names, name);
    }
    return catalog::formatNames(names);
}

// A server of archives that the table's owner may use.
const char* checkServer(Relation relation, const char* name) {
    (void)archive::accessOf(name, relation->rd_rel->relowner);
    return name;
}

const char* checkArgument(Relation relation, const Argument& argument, Datum value) {
    switch (argument.kind) {
        case Kind::Time:
        case Kind::Identifier:
        case Kind::Event:
            return checkRole(relation, argument, pstrdup(NameStr(*DatumGetName(value))));
        case Kind::Amount:
            return catalog::canonicalAmount(relation, TextDatumGetCString(value));
        case Kind::OrderBy:
            return checkOrder(relation, DatumGetArrayTypeP(value));
        case Kind::PartitionInterval:
            return partition::canonicalPartitionInterval(DatumGetIntervalP(value));
        case Kind::Premake:
            return partition::canonicalPremake(DatumGetInt32(value));
        case Kind::Age:
            return partition::canonicalInterval(argument.name, DatumGetIntervalP(value));
        case Kind::TimeZone:
            return partition::canonicalTimeZone(TextDatumGetCString(value));
        case Kind::Window:
            return partition::canonicalWindow(TextDatumGetCString(value));
        case Kind::Server:
            return checkServer(relation, TextDatumGetCString(value));
        case Kind::Bytes:
            return partition::canonicalSize(argument.name, TextDatumGetCString(value));
    }
    pg_unreachable();
}

// Footfall tables and partitioned tables can be configured; a partitioned table need not have
// partitions yet.
void checkConfigurable(Oid relation) {
    if (get_rel_relkind(relation) != RELKIND_PARTITIONED_TABLE) {
        (void)footfallTables(relation, AccessShareLock);
    }
}

bool hasSegments(Oid tableOid) {
    Relation table = table_open(tableOid, AccessShareLock);
    const Oid storage = catalog::storageOf(table);
    const bool unlogged = catalog::usesUnlogged(table->rd_rel->relpersistence);
    table_close(table, NoLock);
    if (!OidIsValid(storage)) {
        return false;
    }
    catalog::OpenTable segments = catalog::open(catalog::Table::Segment, unlogged, AccessShareLock);
    catalog::CatalogScan scan = catalog::beginScan(segments, nullptr, 1, storage);
    const bool found = HeapTupleIsValid(catalog::nextRow(scan));
    catalog::endScan(scan);
    catalog::close(segments);
    return found;
}

// Names of the columns of the order key in force, as the text of a text[].
char* orderOf(Relation relation) {
    AttrNumber keys[catalog::kMaxOrderKeys];
    const int count = catalog::orderKey(relation, keys);
    List* names = NIL;
    for (int i = 0; i < count; i++) {
        Form_pg_attribute key = TupleDescAttr(RelationGetDescr(relation), keys[i] - 1);
        names = lappend(names, pstrdup(NameStr(key->attname)));
    }
    return catalog::formatNames(names);
}

// The same for a relation that the caller has locked.
char* orderInForce(Oid relationOid) {
    Relation relation = relation_open(relationOid, NoLock);
    char* order = orderOf(relation);
    relation_close(relation, NoLock);
    return order;
}

char* displayName(Oid relation) {
    return DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(relation)));
}

// What was written in the former order stays in it until somebody compacts.
void hintCompaction(Oid relation, const char* orderBefore) {
    const char* orderNow = orderInForce(relation);
    if (strcmp(orderBefore, orderNow) == 0 || strcmp(orderNow, "{}") == 0) {
        return;
    }
    ListCell* cell;
    foreach (cell, footfallTables(relation, AccessShareLock)) {
        if (hasSegments(lfirst_oid(cell))) {
            ereport(NOTICE, (errmsg("segments written before keep their order"),
                             errhint("CALL footfall.compact(%s) sorts them by the new order key.",
                                     quote_literal_cstr(displayName(relation)))));
            return;
        }
    }
}

// A table whose partitions footfall makes has them at once.
void makePartitions(Oid relation) {
    const partition::Policy policy = partition::policyOf(relation);
    if (policy.makesPartitions) {
        const partition::OwnerScope scope = partition::enterAsOwner(partition::ownerOf(relation));
        (void)partition::makePartitionsAhead(relation, policy, GetCurrentTimestamp());
        partition::leave(scope);
    }
}

// What is configured here may drop what is too old at once; where the settings came from a dump, a
// worker waits (worker/job.h). Somebody who holds the job's lock sees to the record himself.
void recordRetain(Oid relation) {
    if (partition::policyOf(relation).retain != nullptr &&
        !catalog::readRecord(relation, catalog::kRetainJob).found &&
        catalog::lockJobUntilCommit(relation, catalog::kRetainNumber) &&
        !catalog::readRecord(relation, catalog::kRetainJob).found) {
        catalog::recordWaiting(relation, catalog::kRetainJob, GetCurrentTimestamp());
    }
}

// The launcher sends a worker once this is committed.
void tellWorkers(Oid relation) {
    if (!module::haveWorkerSlots() || !partition::hasJobs(partition::policyOf(relation))) {
        return;
    }
    module::wantLookAtCommit();
    if (superuser_arg(partition::ownerOf(relation)) && !module::superuserJobs) {
        ereport(
            NOTICE,
            (errmsg("background workers will not run the jobs of \"%s\": a superuser owns it",
                    get_rel_name(relation)),
             errhint("Give it to a role that is no superuser, set footfall.superuser_jobs = on, "
                     "or CALL footfall.run_jobs().")));
    }
}

bool anyPolicy(const char* const* values) {
    for (int i = 0; i < kArgumentCount; i++) {
        const Kind kind = kArguments[i].kind;
        if (values[i] != nullptr &&
            (kind == Kind::PartitionInterval || kind == Kind::Premake || kind == Kind::Age ||
             kind == Kind::TimeZone || kind == Kind::Window || kind == Kind::Time ||
             kind == Kind::Server || kind == Kind::Bytes)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void configure(FunctionCallInfo fcinfo) {
    PreventCommandIfReadOnly("footfall.configure()");
    PreventCommandDuringRecovery("footfall.configure()");
    const Oid relationOid = existingRelation(fcinfo);
    requireOwner(relationOid);
    LockRelationOid(relationOid, ShareUpdateExclusiveLock);
    (void)existingRelation(fcinfo);
    requireOwner(relationOid);
    checkConfigurable(relationOid);
    Relation relation = relation_open(relationOid, NoLock);
    requireLocalRelation(relation);
    const char* values[kArgumentCount];
    for (int i = 0; i < kArgumentCount; i++) {
        values[i] = PG_ARGISNULL(i + 1)
                        ? nullptr
                        : checkArgument(relation, kArguments[i], PG_GETARG_DATUM(i + 1));
    }
    relation_close(relation, NoLock);
    const char* orderBefore = orderInForce(relationOid);
    for (int i = 0; i < kArgumentCount; i++) {
        if (values[i] != nullptr) {
            catalog::writeSetting(relationOid, kArguments[i].name, values[i]);
        }
    }
    CommandCounterIncrement();
    if (anyPolicy(values)) {
        partition::checkPolicy(relationOid);
        makePartitions(relationOid);
        recordRetain(relationOid);
        tellWorkers(relationOid);
    }
    hintCompaction(relationOid, orderBefore);
}

void reset(FunctionCallInfo fcinfo) {
    PreventCommandIfReadOnly("footfall.reset()");
    PreventCommandDuringRecovery("footfall.reset()");
    const Oid relationOid = existingRelation(fcinfo);
    requireOwner(relationOid);
    if (PG_ARGISNULL(1)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("setting must not be null")));
    }
    char* name = text_to_cstring(PG_GETARG_TEXT_PP(1));
    StringInfoData known;
    initStringInfo(&known);
    bool found = false;
    for (const Argument& argument : kArguments) {
        found = found || strcmp(argument.name, name) == 0;
        appendStringInfo(&known, "%s%s", known.len > 0 ? ", " : "", argument.name);
    }
    if (!found) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("there is no setting \"%s\"", name),
                        errhint("The settings are %s.", known.data)));
    }
    LockRelationOid(relationOid, ShareUpdateExclusiveLock);
    (void)existingRelation(fcinfo);
    requireOwner(relationOid);
    checkConfigurable(relationOid);
    const char* orderBefore = orderInForce(relationOid);
    catalog::removeSetting(relationOid, name);
    CommandCounterIncrement();
    partition::checkPolicy(relationOid);
    Oid source = InvalidOid;
    if (catalog::settingOf(relationOid, name, &source) != nullptr) {
        ereport(NOTICE, (errmsg("setting \"%s\" of partition \"%s\" is now that of \"%s\"", name,
                                get_rel_name(relationOid), get_rel_name(source))));
    }
    hintCompaction(relationOid, orderBefore);
}

// NULL for what is not (or no longer) a footfall table: views ask for all tables, and some go while
// they do. The lock is not kept.
Datum orderKeyOf(FunctionCallInfo fcinfo) {
    Relation relation =
        PG_ARGISNULL(0) ? nullptr : try_relation_open(PG_GETARG_OID(0), AccessShareLock);
    if (relation == nullptr) {
        PG_RETURN_NULL();
    }
    const Oid oid = RelationGetRelid(relation);
    if (!ownsRelation(oid) && pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK) {
        aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(oid)),
                       RelationGetRelationName(relation));
    }
    const bool kept = storage::isFootfallTable(relation) ||
                      relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    if (!kept) {
        relation_close(relation, AccessShareLock);
        PG_RETURN_NULL();
    }
    Oid input = InvalidOid;
    Oid element = InvalidOid;
    getTypeInputInfo(TEXTARRAYOID, &input, &element);
    Datum order = OidInputFunctionCall(input, orderOf(relation), element, -1);
    relation_close(relation, AccessShareLock);
    return order;
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_configure);
PG_FUNCTION_INFO_V1(footfall_reset);
PG_FUNCTION_INFO_V1(footfall_order_key);

PGDLLEXPORT Datum footfall_configure(PG_FUNCTION_ARGS) {
    footfall::functions::configure(fcinfo);
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_reset(PG_FUNCTION_ARGS) {
    footfall::functions::reset(fcinfo);
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_order_key(PG_FUNCTION_ARGS) {
    return footfall::functions::orderKeyOf(fcinfo);
}
}
