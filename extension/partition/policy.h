// What footfall.configure has set for the partitions of a table, as the jobs need it.
//
// Policies belong to the table that was configured; partitions do not inherit them one by one.
// Values are kept as text that means the same in every session (intervals in PostgreSQL's style).
#pragma once

#include "extension/partition/grid.h"

namespace footfall::partition {

inline constexpr char kPartitionInterval[] = "partition_interval";
inline constexpr char kPremake[] = "premake";
inline constexpr char kTimeZone[] = "time_zone";
inline constexpr char kSealAfter[] = "seal_after";
inline constexpr char kCompactAfter[] = "compact_after";
inline constexpr char kArchiveTo[] = "archive_to";
inline constexpr char kArchiveAfter[] = "archive_after";
inline constexpr char kArchiveAbove[] = "archive_above";
inline constexpr char kRetain[] = "retain";
inline constexpr char kMaintenanceWindow[] = "maintenance_window";

inline constexpr int kDefaultPremake = 4;
inline constexpr int kMaxPremake = 1000;
inline constexpr char kDefaultTimeZone[] = "UTC";

struct Window {
    int from;  // minutes of the day; before `from` of the next day when to < from
    int to;
};

struct Policy {
    bool partitioned;
    char* timeColumn;  // nullptr when it is not set
    Grid grid;         // its type InvalidOid without a time column
    bool makesPartitions;
    int premake;
    Interval* sealAfter;  // nullptr: not set, as below
    Interval* compactAfter;
    char* archiveTo;  // a server
    Interval* archiveAfter;
    int64 archiveAbove;  // bytes; -1: not set
    Interval* retain;
    Window* window;
};

// The policy of a relation that the caller has locked, in the current context.
Policy policyOf(Oid relation);

// Whether any of the settings that need a job is set.
bool hasJobs(const Policy& policy);

// Values as they are kept; an ERROR that names the setting when the value will not do.
char* canonicalInterval(const char* setting, const Interval* value);
char* canonicalPartitionInterval(const Interval* value);
char* canonicalPremake(int32 value);
char* canonicalSize(const char* setting, const char* value);
char* canonicalTimeZone(const char* value);
char* canonicalWindow(const char* value);

// Whether the settings of a relation go together, and with the relation. For configure, once all
// are written.
void checkPolicy(Oid relation);

// Whether work that can wait may run now.
bool windowOpen(const Policy& policy, TimestampTz now);

// When a window that is closed opens next; an hour off on days when clocks are changed.
TimestampTz windowOpensAt(const Policy& policy, TimestampTz now);

}  // namespace footfall::partition
