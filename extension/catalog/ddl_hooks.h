// Keeping footfall's catalogs in step with DDL that the access method does not see.
//
// - A new TOAST relation purges what an earlier owner of its OID left (temporary tables dropped at
// session end, a
//   DROP with event triggers disabled).
// - A TOAST relation that is dropped takes its rows along: by this hook when the library is loaded
// (table rewrites drop
//   the old one silently), by the sql_drop event trigger always.
// - An index on a footfall table is refused when it is created, before CREATE INDEX CONCURRENTLY
// commits it.
#pragma once

namespace footfall::catalog {

void installDdlHooks();

}  // namespace footfall::catalog
