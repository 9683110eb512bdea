// Doing something as the owner of a table, in the way VACUUM and REINDEX do: code that others have
// attached to the table (triggers, expressions) cannot leave the owner's identity, names resolve in
// pg_catalog, and no lock is waited for long.
//
// An ERROR between enter() and leave() is undone by the end of the (sub)transaction, which restores
// identity and settings by itself.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::partition {

struct OwnerScope {
    Oid user;
    int securityContext;
    int settingsLevel;
};

Oid ownerOf(Oid relation);

OwnerScope enterAsOwner(Oid owner);
void leave(const OwnerScope& scope);

// Runs a statement as the current user.
void execute(const char* statement);

}  // namespace footfall::partition
