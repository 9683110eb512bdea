// See new_partition.h.
#include "extension/partition/new_partition.h"

#include "extension/partition/brief_lock.h"
#include "extension/partition/stray_rows.h"
#include "extension/partition/table_owner.h"

namespace footfall::partition {

namespace {

constexpr char kBoundsConstraint[] = "footfall_bounds";
constexpr char kProofConstraint[] = "footfall_no_row_of_new_partition";

char* qualifiedName(Oid relation) {
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
                                      get_rel_name(relation));
}

// "events" and "2026_01" to "events_2026_01", cut where a name may be no longer, and counted up
// while it is taken.
char* freeName(Oid parent, const char* suffix) {
    const char* stem = get_rel_name(parent);
    const Oid schema = get_rel_namespace(parent);
    for (int number = 0;; number++) {
        CHECK_FOR_INTERRUPTS();
        char* tail = number == 0 ? psprintf("_%s", suffix) : psprintf("_%s_%d", suffix, number);
        const int room = NAMEDATALEN - 1 - static_cast<int>(strlen(tail));
        const int length = pg_mbcliplen(stem, static_cast<int>(strlen(stem)), room);
        char* name = psprintf("%.*s%s", length, stem, tail);
        if (!OidIsValid(get_relname_relid(name, schema)) &&
            !OidIsValid(GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
                                        ObjectIdGetDatum(schema)))) {
            return name;
        }
    }
}

// CREATE TABLE schema.name (LIKE parent ..., extra) USING footfall; returns its OID.
Oid createTable(Oid parent, const char* name, const char* extra) {
    const Oid schema = get_rel_namespace(parent);
    const Oid tablespace = get_rel_tablespace(parent);
    char* place =
        OidIsValid(tablespace)
            ? psprintf(" TABLESPACE %s", quote_identifier(get_tablespace_name(tablespace)))
            : pstrdup("");
    execute(
        psprintf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING "
                 "GENERATED INCLUDING STORAGE INCLUDING COMPRESSION%s) USING footfall%s",
                 quote_qualified_identifier(get_namespace_name(schema), name),
                 qualifiedName(parent), extra, place));
    CommandCounterIncrement();
    return get_relname_relid(name, schema);
}

struct Piece {
    int64 lower;
    int64 upper;
    bool whole;  // a slot of the grid
};

// Moves what belongs to the piece from the default partition, in the two passes of stray_rows.h,
// and leaves the proof that no such row is left there.
int64 emptyDefault(Oid defaultPartition, const Policy& policy, const Piece& piece, Oid target) {
    if (get_rel_relkind(defaultPartition) != RELKIND_RELATION) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("default partition \"%s\" is not a plain table",
                               get_rel_name(defaultPartition)),
                        errhint("Move its rows and detach it; footfall makes another one.")));
    }
    const AttrNumber attribute = get_attnum(defaultPartition, policy.timeColumn);
    const auto pass = [&](LOCKMODE mode) {
        lockBriefly(defaultPartition, mode);
        Relation source = table_open(defaultPartition, NoLock);
        Relation arrival = table_open(target, AccessExclusiveLock);
        requireUndecodedMoves(source);
        const int64 moved =
            moveRows(source, attribute, policy.grid, piece.lower, piece.upper, arrival);
        table_close(arrival, NoLock);
        table_close(source, NoLock);
        return moved;
    };
    int64 moved = pass(RowExclusiveLock);
    moved += pass(ShareRowExclusiveLock);
    lockBriefly(defaultPartition, AccessExclusiveLock);
    enterProof(defaultPartition, policy.timeColumn, literalOf(policy.grid, piece.lower),
               literalOf(policy.grid, piece.upper), kProofConstraint);
    return moved;
}

void addPartition(Oid parent, const Policy& policy, const Piece& piece, Oid defaultPartition,
                  Made* made) {
    const char* time = quote_identifier(policy.timeColumn);
    const char* lower = literalOf(policy.grid, piece.lower);
    const char* upper = literalOf(policy.grid, piece.upper);
    const char* name =
        freeName(parent, psprintf("p%s", nameOf(policy.grid, piece.lower, !piece.whole)));
    // Spares ATTACH PARTITION a look at every row.
    const Oid partition = createTable(
        parent, name,
        psprintf(", CONSTRAINT %s CHECK (%s IS NOT NULL AND %s OPERATOR(pg_catalog.>=) '%s' AND %s "
                 "OPERATOR(pg_catalog.<) '%s')",
                 kBoundsConstraint, time, time, lower, time, upper));
    if (OidIsValid(defaultPartition)) {
        made->rows += emptyDefault(defaultPartition, policy, piece, partition);
    }
    execute(psprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
                     qualifiedName(parent), qualifiedName(partition), lower, upper));
    execute(
        psprintf("ALTER TABLE %s DROP CONSTRAINT %s", qualifiedName(partition), kBoundsConstraint));
    if (OidIsValid(defaultPartition)) {
        execute(psprintf("ALTER TABLE ONLY %s DROP CONSTRAINT %s", qualifiedName(defaultPartition),
                         kProofConstraint));
    }
    CommandCounterIncrement();
    made->partitions++;
}

}  // namespace

bool makeDefaultPartition(Oid parent, const Policy& policy) {
    lockBriefly(parent, ShareUpdateExclusiveLock);
    Relation relation = table_open(parent, NoLock);
    const bool there = OidIsValid(rangesOf(relation, policy.grid.type).defaultPartition);
    table_close(relation, NoLock);
    if (there) {
        return false;
    }
    const Oid partition = createTable(parent, freeName(parent, "default"), "");
    execute(psprintf("ALTER TABLE %s ATTACH PARTITION %s DEFAULT", qualifiedName(parent),
                     qualifiedName(partition)));
    CommandCounterIncrement();
    return true;
}

bool makeNextPartition(Oid parent, const Policy& policy, int64 first, int64 last, Made* made) {
    lockBriefly(parent, ShareUpdateExclusiveLock);
    Relation relation = table_open(parent, NoLock);
    const Ranges ranges = rangesOf(relation, policy.grid.type);
    table_close(relation, NoLock);
    for (int64 slot = first; slot <= last; slot++) {
        CHECK_FOR_INTERRUPTS();
        const int64 slotLower = lowerOf(policy.grid, slot);
        const int64 slotUpper = lowerOf(policy.grid, slot + 1);
        Piece piece = {slotLower, slotUpper, false};
        if (!inCalendar(slotLower) || !nextGap(ranges, &piece.lower, &piece.upper)) {
            continue;
        }
        piece.whole = piece.lower == slotLower;
        addPartition(parent, policy, piece, ranges.defaultPartition, made);
        return true;
    }
    return false;
}

int64 currentSlot(const Policy& policy, TimestampTz now) {
    return slotAt(policy.grid, fromMoment(policy.grid, now));
}

Made makePartitionsAhead(Oid parent, const Policy& policy, TimestampTz now) {
    Made made = {};
    (void)makeDefaultPartition(parent, policy);
    const int64 current = currentSlot(policy, now);
    while (makeNextPartition(parent, policy, current, current + policy.premake, &made)) {
        CHECK_FOR_INTERRUPTS();
    }
    return made;
}

List* straySlots(Oid parent, const Policy& policy, int most) {
    Relation relation = table_open(parent, AccessShareLock);
    const Oid partition = rangesOf(relation, policy.grid.type).defaultPartition;
    table_close(relation, NoLock);
    if (!OidIsValid(partition) || get_rel_relkind(partition) != RELKIND_RELATION) {
        return NIL;
    }
    Relation strays = table_open(partition, AccessShareLock);
    List* slots =
        slotsWithRows(strays, get_attnum(partition, policy.timeColumn), policy.grid, most);
    table_close(strays, NoLock);
    return slots;
}

}  // namespace footfall::partition
