// See model_store.h.
#include "extension/functions/model/model_store.h"

#include "engine/recommendation/recommender.h"

namespace footfall::functions {

namespace {

struct Parameters {
    static constexpr int kMost = 13;
    int count = 0;
    Oid types[kMost];
    Datum values[kMost];
    char nulls[kMost + 1];

    void add(Oid type, Datum value) {
        types[count] = type;
        values[count] = value;
        nulls[count++] = ' ';
    }
    void add(const char* text) {
        const bool null = text == nullptr;
        add(TEXTOID, null ? Datum{0} : CStringGetTextDatum(text));
        nulls[count - 1] = null ? 'n' : ' ';
    }
    void add(int32 number) { add(INT4OID, Int32GetDatum(number)); }
};

Oid storeOwner() {
    const Oid space = get_namespace_oid("footfall", false);
    const Oid table = get_relname_relid("model", space);
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "the table footfall.model is missing");
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

// Runs a query of ours as the tables' owner. An ERROR gives the identity back with the
// (sub)transaction.
void run(const char* query, Parameters& parameters, bool readOnly) {
    Oid user = InvalidOid;
    int context = 0;
    const Oid owner = storeOwner();
    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    const int code = SPI_execute_with_args(query, parameters.count, parameters.types,
                                           parameters.values, parameters.nulls, readOnly, 0);
    SetUserIdAndSecContext(user, context);
    if (code < 0)
        elog(ERROR, "a query of the models gave %s", SPI_result_code_string(code));
}

// A question to what is committed now and to what this transaction has done, whatever the
// statement's snapshot or, above read committed, the transaction's shows. Whoever asks holds the
// model's lock.
void runLatest(const char* query, Parameters& parameters) {
    PushActiveSnapshot(GetLatestSnapshot());
    run(query, parameters, true);
    PopActiveSnapshot();
}

Datum field(int column, bool* null) {
    return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, null);
}

[[noreturn]] void complainMissing(const char* model) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no model \"%s\"", model),
                    errhint("SELECT * FROM footfall.models lists yours.")));
}

// The transaction's snapshot is older than what it would have to change.
[[noreturn]] void complainChanged(const char* model) {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access: model \"%s\" has been changed since the "
                           "transaction began",
                           model),
                    errhint("Try the transaction again.")));
}

// Whether it is there in the active snapshot; 42501 when it is somebody else's.
bool findOwn(const char* model) {
    Parameters parameters;
    parameters.add(model);
    run("SELECT m.owner FROM footfall.model m WHERE m.model OPERATOR(pg_catalog.=) $1 LIMIT 1",
        parameters, true);
    if (SPI_processed == 0)
        return false;
    bool null = false;
    const Oid owner = DatumGetObjectId(field(1, &null));
    if (!has_privs_of_role(GetUserId(), owner)) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied for model %s", model)));
    }
    return true;
}

void requireOwn(const char* model) {
    if (!findOwn(model))
        complainMissing(model);
}

// Held to the end of the transaction, so that numbers are given to one training at a time. A class
// that pg_advisory_lock, which everybody may call, cannot name; names whose hashes collide share a
// lock, which only makes one wait.
constexpr uint16 kModelClass = 0xFF04;

void lockModel(const char* model) {
    const uint32 hash = DatumGetUInt32(
        DirectFunctionCall1Coll(hashtext, C_COLLATION_OID, CStringGetTextDatum(model)));
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, hash, 0, kModelClass);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
}

// As findOwn, once the lock is held. While one waited for it, the model may have become somebody
// else's: that is asked of what is committed now, not of the statement's snapshot nor, above read
// committed, of the transaction's.
bool lockOwn(const char* model) {
    lockModel(model);
    PushActiveSnapshot(GetLatestSnapshot());
    const bool found = findOwn(model);
    PopActiveSnapshot();
    return found;
}

// For what needs a model that is there. Asks before, too: who may not touch a model must not hold
// those up who may.
void requireAndLockOwn(const char* model) {
    requireOwn(model);
    if (!lockOwn(model))
        complainMissing(model);
}

// The first byte says what it is; whoever reads the rest checks that.
void requireKind(const char* model, bytea* content, ModelKind kind) {
    const bool recommends = VARSIZE(content) > VARHDRSZ && static_cast<uint8>(*VARDATA(content)) ==
                                                               recommendation::kRecommenderMagic;
    if (recommends == (kind == ModelKind::Recommender))
        return;
    ereport(ERROR,
            (errcode(ERRCODE_WRONG_OBJECT_TYPE),
             recommends ? errmsg("model \"%s\" recommends products, it does not score rows", model)
                        : errmsg("model \"%s\" scores rows, it does not recommend products", model),
             recommends ? errhint("Ask it with footfall.recommend or footfall.similar_products.")
                        : errhint("Ask it with footfall.score.")));
}

}  // namespace

void requireOwnOrNew(const char* model) {
    (void)findOwn(model);
}

bytea* loadModel(const char* model, int32 version, ModelKind kind) {
    requireOwn(model);
    Parameters parameters;
    parameters.add(model);
    parameters.add(version);
    run("SELECT m.content FROM footfall.model m WHERE m.model OPERATOR(pg_catalog.=) $1 "
        "AND m.version OPERATOR(pg_catalog.=) CASE WHEN $2 OPERATOR(pg_catalog.>) 0 THEN $2 ELSE "
        "(SELECT d.version FROM footfall.model_deployment d "
        "WHERE d.model OPERATOR(pg_catalog.=) $1 AND d.withdrawn_at IS NULL "
        "ORDER BY d.number DESC LIMIT 1) END",
        parameters, true);
    if (SPI_processed == 0 && version == kDeployedVersion) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("no version of model \"%s\" is deployed", model),
                        errhint("SELECT footfall.deploy(%s, 1), or name a version.",
                                quote_literal_cstr(model))));
    }
    if (SPI_processed == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("model \"%s\" has no version %d", model, version)));
    }
    bool null = false;
    bytea* content = DatumGetByteaP(field(1, &null));
    requireKind(model, content, kind);
    return content;
}

bytea* contentOf(const base::ByteWriter& packed) {
    const Size size = packed.size();
    if (size > MaxAllocSize / 4) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("the model has %zu bytes, which is too many to store", size),
                        errhint("Ask for fewer trees, less depth, or larger leaves.")));
    }
    auto* content = static_cast<bytea*>(palloc(VARHDRSZ + size));
    SET_VARSIZE(content, VARHDRSZ + size);
    memcpy(VARDATA(content), packed.bytes().data(), size);
    return content;
}

ArrayType* featureNames(const model::Model& model) {
    const size_t count = model.features.size();
    auto* names = static_cast<Datum*>(palloc((count + 1) * sizeof(Datum)));
    for (size_t i = 0; i < count; i++)
        names[i] = CStringGetTextDatum(model.features[i].name.c_str());
    return construct_array(names, static_cast<int>(count), TEXTOID, -1, false, TYPALIGN_INT);
}

int32 storeVersion(const NewVersion& version) {
    // The caller was asked before the training.
    (void)lockOwn(version.model);
    Parameters key;
    key.add(version.model);
    // Later versions have the owner of the first; the caller is a member.
    runLatest(
        "SELECT COALESCE(pg_catalog.max(m.version), 0) OPERATOR(pg_catalog.+) 1, "
        "pg_catalog.min(m.owner::pg_catalog.oid) FROM footfall.model m "
        "WHERE m.model OPERATOR(pg_catalog.=) $1",
        key);
    bool null = false;
    const int32 number = DatumGetInt32(field(1, &null));
    const Datum owner = field(2, &null);
    Parameters parameters;
    parameters.add(version.model);
    parameters.add(number);
    parameters.add(OIDOID, null ? ObjectIdGetDatum(GetUserId()) : owner);
    parameters.add(OIDOID, ObjectIdGetDatum(GetUserId()));
    parameters.add(version.algorithm);
    parameters.add(version.label);
    parameters.add(version.dataset);
    parameters.add(JSONBOID, version.options);
    parameters.add(TEXTARRAYOID, PointerGetDatum(version.features));
    parameters.add(INT8OID, Int64GetDatum(version.trainingRows));
    parameters.add(INT8OID, Int64GetDatum(version.calibrationRows));
    parameters.add(INT8OID, Int64GetDatum(version.testRows));
    parameters.add(BYTEAOID, PointerGetDatum(version.content));
    run("INSERT INTO footfall.model (model, version, owner, trained_by, algorithm, label, dataset, "
        "options, features, training_rows, calibration_rows, test_rows, content, checksum) "
        "VALUES ($1, $2, $3::pg_catalog.regrole, $4::pg_catalog.regrole, $5, $6, $7, $8, $9, $10, "
        "$11, $12, $13, pg_catalog.sha256($13))",
        parameters, false);
    return number;
}

void storeMetric(const char* model, int32 version, const char* metric, const char* item,
                 float8 value) {
    Parameters parameters;
    parameters.add(model);
    parameters.add(version);
    parameters.add(metric);
    parameters.add(item);
    parameters.add(FLOAT8OID, Float8GetDatum(value));
    run("INSERT INTO footfall.model_metric (model, version, metric, item, value) "
        "VALUES ($1, $2, $3, $4, $5)",
        parameters, false);
}

void deployVersion(const char* model, int32 version) {
    requireAndLockOwn(model);
    Parameters key;
    key.add(model);
    key.add(version);
    runLatest(
        "SELECT COALESCE((SELECT pg_catalog.max(d.number) FROM footfall.model_deployment d "
        "WHERE d.model OPERATOR(pg_catalog.=) $1), 0) OPERATOR(pg_catalog.+) 1 "
        "FROM footfall.model m WHERE m.model OPERATOR(pg_catalog.=) $1 "
        "AND m.version OPERATOR(pg_catalog.=) $2",
        key);
    if (SPI_processed == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("model \"%s\" has no version %d", model, version)));
    }
    bool null = false;
    const int32 number = DatumGetInt32(field(1, &null));
    Parameters parameters;
    parameters.add(model);
    parameters.add(version);
    parameters.add(number);
    parameters.add(OIDOID, ObjectIdGetDatum(GetUserId()));
    run("INSERT INTO footfall.model_deployment (model, version, number, deployed_by) "
        "VALUES ($1, $2, $3, $4::pg_catalog.regrole)",
        parameters, false);
}

int32 rollbackDeployment(const char* model) {
    requireAndLockOwn(model);
    Parameters key;
    key.add(model);
    runLatest(
        "SELECT d.version, pg_catalog.lag(d.number) OVER (ORDER BY d.number DESC) "
        "FROM footfall.model_deployment d "
        "WHERE d.model OPERATOR(pg_catalog.=) $1 AND d.withdrawn_at IS NULL "
        "ORDER BY d.number DESC OFFSET 1 LIMIT 1",
        key);
    if (SPI_processed == 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("model \"%s\" has no earlier deployment to go back to", model)));
    }
    bool null = false;
    const int32 version = DatumGetInt32(field(1, &null));
    Parameters last;
    last.add(model);
    last.add(DatumGetInt32(field(2, &null)));
    run("UPDATE footfall.model_deployment d SET withdrawn_at = pg_catalog.now() "
        "WHERE d.model OPERATOR(pg_catalog.=) $1 AND d.number OPERATOR(pg_catalog.=) $2",
        last, false);
    if (SPI_processed == 0)
        complainChanged(model);
    return version;
}

void dropModel(const char* model) {
    requireAndLockOwn(model);
    Parameters parameters;
    parameters.add(model);
    run("DELETE FROM footfall.model_deployment d WHERE d.model OPERATOR(pg_catalog.=) $1",
        parameters, false);
    run("DELETE FROM footfall.model_metric d WHERE d.model OPERATOR(pg_catalog.=) $1", parameters,
        false);
    run("DELETE FROM footfall.model d WHERE d.model OPERATOR(pg_catalog.=) $1", parameters, false);
    runLatest(
        "SELECT 1 FROM footfall.model m WHERE m.model OPERATOR(pg_catalog.=) $1 UNION ALL "
        "SELECT 1 FROM footfall.model_deployment d WHERE d.model OPERATOR(pg_catalog.=) $1 LIMIT 1",
        parameters);
    if (SPI_processed > 0)
        complainChanged(model);
}

}  // namespace footfall::functions
