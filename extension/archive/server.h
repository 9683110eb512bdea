// Where archives are: foreign servers of the wrapper footfall_archive, and user mappings.
//
// Rows of a table are read and written with the identity of the table's owner, as a view's are:
// with the owner's user mapping (or PUBLIC's), whoever asks. The owner needs USAGE on the server. A
// server of files on disk works as long as the server's own owner may read and write files of the
// database server's host; every other place must be on footfall.allowed_endpoints.
#pragma once

#include "engine/archive/module_table.h"
#include "extension/catalog/archive_object.h"
#include "extension/pg/pg.h"

namespace footfall::archive {

class Store;

inline constexpr char kWrapper[] = "footfall_archive";

// What a server and a user mapping say, in the current context. No secret of it may be shown.
struct Access {
    const char* server;
    const char* location;
    const char* endpoint;  // nullptr: not given, as below
    const char* region;
    const char* accessKey;
    const char* secretKey;
    const char* sessionToken;
    const char* user;
    const char* delegationToken;
};

// Reads catalogs: not inside enterEngine. Errors: no such server or of another wrapper, no USAGE
// for `owner`, files and a server owner who may not.
Access accessOf(const char* server, Oid owner);

// What opens the store at `folder` below the server's location. Throws Unsupported without the
// module, BadArgument.
StoreRequest requestOf(const Access& access, const std::string& folder);

}  // namespace footfall::archive
