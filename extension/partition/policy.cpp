// See policy.h.
#include "extension/partition/policy.h"

#include <cstring>

#include "extension/catalog/configuration.h"

namespace footfall::partition {

namespace {

[[noreturn]] void refuse(const char* setting, const char* problem, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s: %s", setting, problem),
                    errhint("%s", hint)));
}

Interval* parseInterval(const char* text) {
    return DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text),
                                                 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

// As PostgreSQL's own style writes it, whatever the session's is.
char* intervalText(const Interval* value) {
    const int level = NewGUCNestLevel();
    (void)set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
    char* text = DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(value)));
    AtEOXact_GUC(false, level);
    return text;
}

// A setting of the relation itself.
char* ownSetting(List* settings, const char* name) {
    ListCell* cell;
    foreach (cell, settings) {
        auto* setting = static_cast<catalog::Setting*>(lfirst(cell));
        if (strcmp(setting->name, name) == 0) {
            return setting->value;
        }
    }
    return nullptr;
}

Interval* ownInterval(List* settings, const char* name) {
    char* text = ownSetting(settings, name);
    return text == nullptr ? nullptr : parseInterval(text);
}

// "300 MB" as bytes.
int64 sizeOf(const char* text) {
    return DatumGetInt64(DirectFunctionCall1(pg_size_bytes, CStringGetTextDatum(text)));
}

// "22:00-05:30"; false when it is not of this form.
bool parseWindow(const char* text, Window* window) {
    int hours[2];
    int minutes[2];
    int length = 0;
    if (sscanf(text, "%2d:%2d-%2d:%2d%n", &hours[0], &minutes[0], &hours[1], &minutes[1],
               &length) != 4 ||
        text[length] != '\0') {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        if (hours[i] < 0 || minutes[i] < 0 || minutes[i] > 59 ||
            hours[i] * 60 + minutes[i] > 1440) {
            return false;
        }
    }
    *window = {hours[0] * 60 + minutes[0], hours[1] * 60 + minutes[1]};
    return window->from != window->to;
}

Oid columnType(Oid relation, const char* column) {
    const AttrNumber attribute = get_attnum(relation, column);
    return attribute == InvalidAttrNumber ? InvalidOid
                                          : getBaseType(get_atttype(relation, attribute));
}

// PARTITION BY RANGE (the time column) and nothing else.
void checkPartitionKey(Oid relation, const Policy& policy) {
    Relation parent = relation_open(relation, NoLock);
    PartitionKey key = RelationGetPartitionKey(parent);
    const bool suits = get_partition_strategy(key) == PARTITION_STRATEGY_RANGE &&
                       get_partition_natts(key) == 1 &&
                       get_partition_col_attnum(key, 0) == get_attnum(relation, policy.timeColumn);
    char* name = pstrdup(RelationGetRelationName(parent));
    const bool temporary = parent->rd_rel->relpersistence == RELPERSISTENCE_TEMP;
    relation_close(parent, NoLock);
    if (!suits) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("partition_interval: table \"%s\" is not partitioned by range of its time "
                        "column \"%s\" alone",
                        name, policy.timeColumn),
                 errhint("Create it with PARTITION BY RANGE (%s).",
                         quote_identifier(policy.timeColumn))));
    }
    if (temporary) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("partition_interval: temporary tables cannot be managed")));
    }
}

void checkMadePartitions(Oid relation, const Policy& policy) {
    if (!policy.partitioned) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("partition_interval: \"%s\" is not a partitioned table",
                               get_rel_name(relation)),
                        errhint("Create it with PARTITION BY RANGE of its time column.")));
    }
    if (policy.timeColumn == nullptr) {
        refuse(kPartitionInterval, "the time column is not known", "Set time_column as well.");
    }
    if (policy.grid.type == DATEOID && policy.grid.micros > 0) {
        refuse(kPartitionInterval, "a column of dates cannot be cut into hours",
               "Use whole days, weeks or months.");
    }
    checkPartitionKey(relation, policy);
}

}  // namespace

Policy policyOf(Oid relation) {
    Policy policy = {};
    List* settings = catalog::ownSettings(relation);
    policy.partitioned = get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE;
    policy.timeColumn = ownSetting(settings, catalog::kTimeColumn);
    if (policy.timeColumn != nullptr) {
        policy.grid.type = columnType(relation, policy.timeColumn);
    }
    const char* zone = ownSetting(settings, kTimeZone);
    policy.grid.zone = zone == nullptr ? kDefaultTimeZone : zone;
    if (const Interval* width = ownInterval(settings, kPartitionInterval); width != nullptr) {
        policy.makesPartitions = true;
        policy.grid.months = width->month;
        policy.grid.days = width->day;
        policy.grid.micros = width->time;
    }
    const char* premake = ownSetting(settings, kPremake);
    policy.premake = premake == nullptr ? kDefaultPremake : pg_strtoint32(premake);
    policy.sealAfter = ownInterval(settings, kSealAfter);
    policy.compactAfter = ownInterval(settings, kCompactAfter);
    policy.archiveTo = ownSetting(settings, kArchiveTo);
    policy.archiveAfter = ownInterval(settings, kArchiveAfter);
    const char* above = ownSetting(settings, kArchiveAbove);
    policy.archiveAbove = above == nullptr ? -1 : sizeOf(above);
    policy.retain = ownInterval(settings, kRetain);
    if (const char* window = ownSetting(settings, kMaintenanceWindow); window != nullptr) {
        policy.window = static_cast<Window*>(palloc(sizeof(Window)));
        if (!parseWindow(window, policy.window)) {
            refuse(kMaintenanceWindow, "the stored value is not understood", "Configure it anew.");
        }
    }
    return policy;
}

bool hasJobs(const Policy& policy) {
    return policy.makesPartitions || policy.sealAfter != nullptr ||
           policy.compactAfter != nullptr || policy.retain != nullptr ||
           policy.archiveAfter != nullptr || policy.archiveAbove >= 0;
}

char* canonicalInterval(const char* setting, const Interval* value) {
    if (value->month < 0 || value->day < 0 || value->time < 0 || value->month > 12 * 1000 ||
        value->day > 366 * 1000 || value->time > USECS_PER_DAY * 366 * 1000) {
        refuse(setting, "it must be between 0 and 1000 years",
               "Give a length such as '1 hour', '7 days' or '13 months'.");
    }
    return intervalText(value);
}

char* canonicalPartitionInterval(const Interval* value) {
    constexpr char kHint[] =
        "Give one length such as '1 hour', '1 day', '7 days', '1 month' or '1 year'.";
    const int parts =
        (value->month != 0 ? 1 : 0) + (value->day != 0 ? 1 : 0) + (value->time != 0 ? 1 : 0);
    if (value->month < 0 || value->day < 0 || value->time < 0 || parts == 0) {
        refuse(kPartitionInterval, "it must be greater than zero", kHint);
    }
    if (parts > 1) {
        refuse(kPartitionInterval, "months, days and hours cannot be mixed", kHint);
    }
    if (value->time % USECS_PER_SEC != 0) {
        refuse(kPartitionInterval, "it must be whole seconds", kHint);
    }
    if (value->month > 12 * 100 || value->day > 366 * 100 ||
        value->time > USECS_PER_DAY * 366 * 100) {
        refuse(kPartitionInterval, "it must be at most 100 years", kHint);
    }
    return intervalText(value);
}

char* canonicalPremake(int32 value) {
    if (value < 0 || value > kMaxPremake) {
        refuse(kPremake, psprintf("%d is not between 0 and %d", value, kMaxPremake),
               "It is the number of partitions to keep ready after the current one.");
    }
    return psprintf("%d", value);
}

char* canonicalSize(const char* setting, const char* value) {
    if (sizeOf(value) < 0) {
        refuse(setting, "it must not be negative", "Give a size such as '300 MB' or '2 TB'.");
    }
    return pstrdup(value);
}

char* canonicalTimeZone(const char* value) {
    pg_tz* zone = pg_tzset(value);
    if (zone == nullptr || !pg_tz_acceptable(zone)) {
        refuse(kTimeZone, psprintf("\"%s\" is not a time zone", value),
               "SELECT name FROM pg_timezone_names lists them.");
    }
    return pstrdup(pg_get_timezone_name(zone));
}

char* canonicalWindow(const char* value) {
    Window window = {};
    if (!parseWindow(value, &window)) {
        refuse(kMaintenanceWindow, psprintf("\"%s\" is not a span of the day", value),
               "Give it as '02:00-05:30', in the table's time_zone; it may pass midnight.");
    }
    return psprintf("%02d:%02d-%02d:%02d", window.from / 60, window.from % 60, window.to / 60,
                    window.to % 60);
}

void checkPolicy(Oid relation) {
    const Policy policy = policyOf(relation);
    List* settings = catalog::ownSettings(relation);
    if (hasJobs(policy) && get_rel_relispartition(relation)) {
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("policies cannot be set for \"%s\", which is a partition",
                               get_rel_name(relation)),
                        errhint("Set them for the table that it is a partition of.")));
    }
    if (policy.makesPartitions) {
        checkMadePartitions(relation, policy);
    } else {
        for (const char* setting :
             {kPremake, kCompactAfter, kArchiveAfter, kArchiveAbove, kRetain}) {
            if (ownSetting(settings, setting) != nullptr) {
                refuse(setting, "it needs partitions that footfall makes",
                       "Set partition_interval as well.");
            }
        }
    }
    for (const char* setting : {kArchiveAfter, kArchiveAbove}) {
        if (ownSetting(settings, setting) != nullptr && policy.archiveTo == nullptr) {
            refuse(setting, "the archive is not known", "Set archive_to as well.");
        }
    }
    if (policy.sealAfter != nullptr && policy.timeColumn == nullptr) {
        refuse(kSealAfter, "the time column is not known", "Set time_column as well.");
    }
}

namespace {

// Microseconds since midnight in the table's time zone.
int64 timeOfDay(const Policy& policy, TimestampTz now) {
    const int64 wall = DatumGetTimestamp(DirectFunctionCall2(
        timestamptz_zone, CStringGetTextDatum(policy.grid.zone), TimestampTzGetDatum(now)));
    const int64 ofDay = wall % USECS_PER_DAY;
    return ofDay < 0 ? ofDay + USECS_PER_DAY : ofDay;
}

}  // namespace

bool windowOpen(const Policy& policy, TimestampTz now) {
    if (policy.window == nullptr) {
        return true;
    }
    const int minute = static_cast<int>(timeOfDay(policy, now) / USECS_PER_MINUTE);
    return policy.window->from < policy.window->to
               ? minute >= policy.window->from && minute < policy.window->to
               : minute >= policy.window->from || minute < policy.window->to;
}

TimestampTz windowOpensAt(const Policy& policy, TimestampTz now) {
    const int64 wait = policy.window->from * USECS_PER_MINUTE - timeOfDay(policy, now);
    return now + (wait < 0 ? wait + USECS_PER_DAY : wait);
}

}  // namespace footfall::partition
