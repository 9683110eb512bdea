// See model_store.h.
#include "extension/functions/model/model_store.h"

namespace footfall::functions {

namespace {

struct Parameters {
    static constexpr int kMost = 12;
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

Datum field(int column, bool* null) {
    return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, null);
}

[[noreturn]] void complainMissing(const char* model) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no model \"%s\"", model),
                    errhint("SELECT * FROM footfall.models lists yours.")));
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

}  // namespace

void requireOwnOrNew(const char* model) {
    (void)findOwn(model);
}

bytea* loadModel(const char* model, int32 version) {
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
    return DatumGetByteaP(field(1, &null));
}

int32 storeVersion(const NewVersion& version) {
    // The caller was asked before the training.
    (void)lockOwn(version.model);
    Parameters parameters;
    parameters.add(version.model);
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
    // Later versions have the owner of the first; the caller is a member.
    run("INSERT INTO footfall.model (model, version, owner, trained_by, algorithm, label, dataset, "
        "options, features, training_rows, calibration_rows, test_rows, content, checksum) "
        "SELECT $1, COALESCE(pg_catalog.max(m.version), 0) OPERATOR(pg_catalog.+) 1, "
        "COALESCE(pg_catalog.min(m.owner::pg_catalog.oid), $2)::pg_catalog.regrole, "
        "$2::pg_catalog.regrole, $3, $4, $5, $6, $7, $8, $9, $10, $11, pg_catalog.sha256($11) "
        "FROM footfall.model m WHERE m.model OPERATOR(pg_catalog.=) $1 RETURNING version",
        parameters, false);
    bool null = false;
    return DatumGetInt32(field(1, &null));
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
    Parameters parameters;
    parameters.add(model);
    parameters.add(version);
    parameters.add(OIDOID, ObjectIdGetDatum(GetUserId()));
    run("INSERT INTO footfall.model_deployment (model, version, number, deployed_by) "
        "SELECT $1, $2, COALESCE((SELECT pg_catalog.max(d.number) FROM footfall.model_deployment d "
        "WHERE d.model OPERATOR(pg_catalog.=) $1), 0) OPERATOR(pg_catalog.+) 1, "
        "$3::pg_catalog.regrole FROM footfall.model m "
        "WHERE m.model OPERATOR(pg_catalog.=) $1 AND m.version OPERATOR(pg_catalog.=) $2",
        parameters, false);
    if (SPI_processed == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("model \"%s\" has no version %d", model, version)));
    }
}

int32 rollbackDeployment(const char* model) {
    requireAndLockOwn(model);
    Parameters parameters;
    parameters.add(model);
    run("SELECT d.version FROM footfall.model_deployment d "
        "WHERE d.model OPERATOR(pg_catalog.=) $1 AND d.withdrawn_at IS NULL "
        "ORDER BY d.number DESC OFFSET 1 LIMIT 1",
        parameters, false);
    if (SPI_processed == 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("model \"%s\" has no earlier deployment to go back to", model)));
    }
    bool null = false;
    const int32 version = DatumGetInt32(field(1, &null));
    run("UPDATE footfall.model_deployment d SET withdrawn_at = pg_catalog.now() "
        "WHERE d.model OPERATOR(pg_catalog.=) $1 AND d.number OPERATOR(pg_catalog.=) "
        "(SELECT pg_catalog.max(l.number) FROM footfall.model_deployment l "
        "WHERE l.model OPERATOR(pg_catalog.=) $1 AND l.withdrawn_at IS NULL)",
        parameters, false);
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
}

}  // namespace footfall::functions
