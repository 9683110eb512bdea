// See table_owner.h.
#include "extension/partition/table_owner.h"

namespace footfall::partition {

namespace {

void set(const char* name, const char* value) {
    (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
}

}  // namespace

Oid ownerOf(Oid relation) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist", relation)));
    }
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

OwnerScope enterAsOwner(Oid owner) {
    OwnerScope scope;
    GetUserIdAndSecContext(&scope.user, &scope.securityContext);
    scope.settingsLevel = NewGUCNestLevel();
    set("search_path", "pg_catalog, pg_temp");
    set("default_tablespace", "");
    set("check_function_bodies", "off");
    set("lock_timeout", "100ms");
    SetUserIdAndSecContext(owner, scope.securityContext | SECURITY_LOCAL_USERID_CHANGE |
                                      SECURITY_RESTRICTED_OPERATION);
    return scope;
}

void leave(const OwnerScope& scope) {
    AtEOXact_GUC(false, scope.settingsLevel);
    SetUserIdAndSecContext(scope.user, scope.securityContext);
}

void execute(const char* statement) {
    if (SPI_connect() != SPI_OK_CONNECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect failed")));
    }
    const int result = SPI_execute(statement, false, 0);
    if (result != SPI_OK_UTILITY) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("unexpected result of \"%s\": %s", statement,
                               SPI_result_code_string(result))));
    }
    SPI_finish();
}

}  // namespace footfall::partition
