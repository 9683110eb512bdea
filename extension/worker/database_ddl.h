// Commands that need a database to have no session: a worker is never what they wait for.
//
// DROP DATABASE, ALTER DATABASE ... RENAME TO or SET TABLESPACE, and CREATE DATABASE ... TEMPLATE
// end the workers in the database first, when the user may do what is asked, and keep others from
// coming. What the workers were at is rolled back and runs again later, if there is a later.
#pragma once

namespace footfall::worker {

void installDatabaseHook();

}  // namespace footfall::worker
