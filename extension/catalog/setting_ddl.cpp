// See setting_ddl.h.
#include "extension/catalog/setting_ddl.h"

#include <cstring>

#include "extension/catalog/amount_expression.h"
#include "extension/catalog/configuration.h"
#include "extension/catalog/job_rows.h"

namespace footfall::catalog {

namespace {

object_access_hook_type previousHook = nullptr;

// The column's name as the current command has left it; nullptr when there is no such column.
char* nameNow(Oid relation, AttrNumber attribute) {
    Relation attributes = table_open(AttributeRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTEqualStrategyNumber, F_INT2EQ,
                Int16GetDatum(attribute));
    SysScanDesc scan =
        systable_beginscan(attributes, AttributeRelidNumIndexId, true, SnapshotSelf, 2, keys);
    HeapTuple tuple = systable_getnext(scan);
    char* name =
        HeapTupleIsValid(tuple)
            ? pstrdup(NameStr(reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attname))
            : nullptr;
    systable_endscan(scan);
    table_close(attributes, AccessShareLock);
    return name;
}

void columnAltered(Oid relation, AttrNumber attribute) {
    List* settings = ownSettings(relation);
    if (settings == NIL) {
        return;
    }
    const char* before = get_attname(relation, attribute, true);
    const char* after = nameNow(relation, attribute);
    if (before == nullptr || after == nullptr || strcmp(before, after) == 0) {
        return;
    }
    ListCell* cell;
    foreach (cell, settings) {
        auto* setting = static_cast<Setting*>(lfirst(cell));
        if (isColumnRole(setting->name)) {
            if (strcmp(setting->value, before) == 0) {
                writeSetting(relation, setting->name, after);
            }
        } else if (strcmp(setting->name, kOrderBy) == 0) {
            List* names = parseNames(setting->value);
            ListCell* name;
            foreach (name, names) {
                if (strcmp(static_cast<char*>(lfirst(name)), before) == 0) {
                    lfirst(name) = const_cast<char*>(after);
                    writeSetting(relation, setting->name, formatNames(names));
                }
            }
        } else if (strcmp(setting->name, kAmount) == 0 && amountMentions(setting->value, before)) {
            writeSetting(relation, setting->name, renameInAmount(setting->value, before, after));
        }
    }
}

void noticeReset(Oid relation, const char* setting, const char* column) {
    ereport(NOTICE, (errmsg("footfall setting \"%s\" of \"%s\" is reset with column \"%s\"",
                            setting, get_rel_name(relation), column)));
}

// The order key ends before the dropped column.
void cutOrder(Oid relation, const Setting* setting, const char* column) {
    List* kept = NIL;
    List* names = parseNames(setting->value);
    ListCell* cell;
    foreach (cell, names) {
        if (strcmp(static_cast<char*>(lfirst(cell)), column) == 0) {
            break;
        }
        kept = lappend(kept, lfirst(cell));
    }
    if (list_length(kept) == list_length(names)) {
        return;
    }
    if (kept == NIL) {
        removeSetting(relation, setting->name);
        noticeReset(relation, setting->name, column);
        return;
    }
    char* value = formatNames(kept);
    writeSetting(relation, setting->name, value);
    ereport(NOTICE, (errmsg("footfall setting \"%s\" of \"%s\" becomes %s without column \"%s\"",
                            setting->name, get_rel_name(relation), value, column)));
}

void columnDropped(Oid relation, AttrNumber attribute) {
    List* settings = ownSettings(relation);
    if (settings == NIL) {
        return;
    }
    const char* column = get_attname(relation, attribute, true);
    if (column == nullptr) {
        return;
    }
    ListCell* cell;
    foreach (cell, settings) {
        auto* setting = static_cast<Setting*>(lfirst(cell));
        if (strcmp(setting->name, kOrderBy) == 0) {
            cutOrder(relation, setting, column);
        } else if ((isColumnRole(setting->name) && strcmp(setting->value, column) == 0) ||
                   (strcmp(setting->name, kAmount) == 0 &&
                    amountMentions(setting->value, column))) {
            removeSetting(relation, setting->name);
            noticeReset(relation, setting->name, column);
        }
    }
}

void onObjectAccess(ObjectAccessType access, Oid classId, Oid objectId, int subId, void* argument) {
    if (previousHook != nullptr) {
        previousHook(access, classId, objectId, subId, argument);
    }
    if (classId != RelationRelationId || IsBootstrapProcessingMode() || IsBinaryUpgrade) {
        return;
    }
    if (subId == 0) {
        // A new relation may have the OID of a temporary table that went with its session.
        if (access == OAT_POST_CREATE || access == OAT_DROP) {
            purgeSettings(objectId);
            purgeJobs(objectId);
        }
    } else if (access == OAT_POST_ALTER) {
        columnAltered(objectId, static_cast<AttrNumber>(subId));
    } else if (access == OAT_DROP) {
        columnDropped(objectId, static_cast<AttrNumber>(subId));
    }
}

}  // namespace

void installSettingHook() {
    previousHook = object_access_hook;
    object_access_hook = onObjectAccess;
}

}  // namespace footfall::catalog

extern "C" {
PG_FUNCTION_INFO_V1(footfall_load);

// Being called has loaded the library, which is all it is for.
PGDLLEXPORT Datum footfall_load(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("footfall.load() can only be called as an event trigger")));
    }
    PG_RETURN_NULL();
}
}
